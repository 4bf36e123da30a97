//! The environments in which a computation continues bit for bit.

use crate::common::{config, environment, trainer};
use tweedie_training::Environment;

#[test]
fn every_condition_that_changed_is_a_sentence() {
    let before = environment();
    assert_eq!(before.differences(&before), [""; 0]);
    let cuda = Environment { device: "cuda".into(), ..before.clone() };
    assert_eq!(before.differences(&Environment { threads: 4, ..before.clone() }), ["threads was 1 and is 4"]);
    assert_eq!(before.differences(&cuda), ["device was cpu and is cuda"]);
    assert_eq!(cuda.differences(&cuda), ["CUDA's kernels do not add in a fixed order"]);
    let other = Environment {
        threads: 2,
        cpu_capability: "AVX512".into(),
        libtorch: "2.12.0".into(),
        memory_layout: "NHWC".into(),
        precision: "bf16".into(),
        device: "cuda".into(),
        kernels: 0,
        replicas: 2,
    };
    let differences = before.differences(&other);
    assert_eq!(differences.len(), 8);
    assert_eq!(differences[1], "CPU capability was AVX2 and is AVX512");
    let now = Environment::of(&trainer(config()));
    assert_eq!((now.device.as_str(), now.memory_layout.as_str()), ("cpu", "NHWC"));
    assert!(now.kernels > 0);
    assert_eq!(now.precision, "f32");
}
