//! Flags that a sampler does not take.

use crate::arguments::OptionFlags;
use anyhow::bail;
use tweedie_models::sampling::Sampler;

/// Fails, naming the flag, where something is asked for that none of the samplers takes.
pub fn check_used(flags: &OptionFlags, samplers: &[Sampler]) -> anyhow::Result<()> {
    use Sampler::{
        Ddim, Ddpm, Dpm3m, Dpm3mSde, EulerAncestral, Heun, Langevin, Ode, PredictorCorrector, UniPc,
    };
    let asked: [(&str, bool, &[Sampler]); 15] = [
        ("--eta", flags.eta.is_some(), &[Ddim, EulerAncestral]),
        ("--variance", flags.variance.is_some(), &[Ddpm, PredictorCorrector]),
        ("--variance-probes", flags.variance_probes.is_some(), &[Ddpm, PredictorCorrector]),
        ("--churn", flags.churn.is_some(), &[Heun]),
        ("--churn-sigmas", flags.churn_sigmas.is_some(), &[Heun]),
        ("--churn-noise", flags.churn_noise.is_some(), &[Heun]),
        ("--third-order", flags.third_order.is_some(), &[Dpm3m, Dpm3mSde]),
        ("--order", flags.order.is_some(), &[UniPc]),
        ("--tolerance", flags.tolerance.is_some(), &[Ode]),
        ("--corrector-snr", flags.corrector_snr.is_some(), &[PredictorCorrector]),
        ("--corrector-steps", flags.corrector_steps.is_some(), &[PredictorCorrector]),
        ("--corrector-norms", flags.corrector_norms.is_some(), &[PredictorCorrector]),
        ("--langevin-steps", flags.langevin_steps.is_some(), &[Langevin]),
        ("--langevin-friction", flags.langevin_friction.is_some(), &[Langevin]),
        ("--langevin-epsilon", flags.langevin_epsilon.is_some(), &[Langevin]),
    ];
    for (flag, is_given, takers) in asked {
        if is_given && !samplers.iter().any(|sampler| takers.contains(sampler)) {
            let names = |list: &[Sampler]| list.iter().map(|s| s.name()).collect::<Vec<_>>().join(", ");
            bail!("{flag} is taken by {}, and the sampler is {}", names(takers), names(samplers));
        }
    }
    Ok(())
}
