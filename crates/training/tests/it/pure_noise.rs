//! A flow ends in pure noise, whose log-SNR is infinite: its log can be read back all the same.

use crate::common::{StopAfter, config, environment, go_on, identity, network};
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::Model;
use tweedie_torch::Precision;
use tweedie_training::{HeldOut, LoopMemory, ReportConfig, Run, Trainer, TrainingConfig, read_metrics};

fn flow() -> Trainer {
    let description = tweedie_models::Description::new(
        Schedule::RectifiedFlow { shift: 1.0 },
        100,
        Parameterization::Velocity,
    );
    let model = Model::new(&network(), description, tch::Device::Cpu, 0).unwrap();
    let report = ReportConfig {
        tick: 16,
        sheet: 0,
        checkpoint: 0,
        held_out: 8,
        held_out_images: 8,
        ..ReportConfig::default()
    };
    Trainer::new(model, TrainingConfig { report, ..config() }, Precision::F32).unwrap()
}

/// A held-out loss that waits for its tick is in the checkpoint.
#[test]
fn levels_of_pure_noise_survive_a_checkpoint() {
    let place = tempfile::tempdir().unwrap();
    let (mut trainer, mut run) = (flow(), Run::create(place.path(), "run", "", &environment()).unwrap());
    go_on(&mut trainer, &mut run, LoopMemory::default(), &mut StopAfter::steps(1));
    let resumed = run.resume(&mut flow(), &identity()).unwrap();
    let waiting: HeldOut = resumed.progress.held_out.clone().unwrap();
    assert_eq!(waiting.bins[0].log_snr[0], -100.0);
}

/// A flow that measures held-out losses trains to its end, and its log can be read.
#[test]
fn levels_of_pure_noise_survive_the_log() {
    let place = tempfile::tempdir().unwrap();
    let (mut trainer, mut run) = (flow(), Run::create(place.path(), "run", "", &environment()).unwrap());
    go_on(&mut trainer, &mut run, LoopMemory::default(), &mut StopAfter::never());
    assert_eq!(read_metrics(&run.folder().join("metrics.jsonl")).unwrap().ticks.len(), 4);
}
