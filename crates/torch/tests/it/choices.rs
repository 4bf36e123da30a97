//! Devices and precisions by name, and the machine's description.

use tch::{Device, Kind};
use tweedie_torch::{Choice, Error, Precision, PrecisionChoice, devices, machine};

#[test]
fn devices_are_parsed_and_written_back() {
    for (name, choice) in [
        ("auto", Choice::Auto),
        ("cpu", Choice::Cpu),
        ("cuda:0", Choice::Cuda(0)),
        ("cuda:3", Choice::Cuda(3)),
        ("cuda:12", Choice::Cuda(12)),
    ] {
        assert_eq!(name.parse(), Ok(choice));
        assert_eq!(choice.to_string(), name);
    }
    assert_eq!("cuda".parse(), Ok(Choice::Cuda(0)));
    assert_eq!(Choice::default(), Choice::Auto);
}

#[test]
fn other_names_of_devices_are_refused_with_those_there_are() {
    for name in ["", "gpu", "CPU", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda: 1", "cuda1", " cpu", "mps"] {
        let error = name.parse::<Choice>().unwrap_err();
        assert_eq!(error, Error::DeviceName(name.to_string()));
        assert_eq!(
            error.to_string(),
            format!("`{name}` is not a device; devices are auto, cpu, cuda and cuda:N")
        );
    }
}

#[test]
fn a_device_that_is_not_there_is_refused_with_what_is() {
    assert_eq!(Choice::Cpu.resolve(), Ok(Device::Cpu));
    assert!(matches!(Choice::Auto.resolve(), Ok(Device::Cpu | Device::Cuda(0))));
    assert!(devices().contains("cpu"), "{}", devices());
    for name in ["cuda:7", "cuda:4000000"] {
        if devices().contains(name) {
            continue;
        }
        let error = name.parse::<Choice>().unwrap().resolve().unwrap_err();
        assert!(error.to_string().starts_with(&format!("{name} ")), "{error}");
        assert_eq!(error, Error::NoDevice { requested: name.into(), found: devices() });
    }
}

#[test]
fn precisions_are_parsed() {
    assert_eq!("auto".parse(), Ok(PrecisionChoice::Auto));
    assert_eq!("f32".parse(), Ok(PrecisionChoice::F32));
    assert_eq!("bf16".parse(), Ok(PrecisionChoice::Bf16));
    assert_eq!(PrecisionChoice::default(), PrecisionChoice::Auto);
    for name in ["", "F32", "fp32", "float32", "f16", "bfloat16"] {
        let error = name.parse::<PrecisionChoice>().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{name}` is not a precision; precisions are auto, f32 and bf16")
        );
    }
}

#[test]
fn precisions_resolve_with_a_reason() {
    assert_eq!(PrecisionChoice::F32.resolve(Device::Cpu), (Precision::F32, "as requested".into()));
    assert_eq!(PrecisionChoice::Bf16.resolve(Device::Cpu), (Precision::Bf16, "as requested".into()));
    let (precision, reason) = PrecisionChoice::Auto.resolve(Device::Cpu);
    assert!(reason.starts_with("the processor has"), "{reason}");
    assert_eq!(precision == Precision::F32, reason.contains("neither"), "{reason}");
    assert_eq!((Precision::F32.kind(), Precision::F32.name()), (Kind::Float, "f32"));
    assert_eq!((Precision::Bf16.kind(), Precision::Bf16.name()), (Kind::BFloat16, "bf16"));
    for precision in [Precision::F32, Precision::Bf16] {
        let choice: PrecisionChoice = precision.name().parse().unwrap();
        assert_eq!(choice.resolve(Device::Cpu).0, precision);
    }
}

#[test]
fn the_machine_is_described() {
    let machine = machine();
    assert_eq!(machine.libtorch, "2.11.0");
    let folder = machine.library_folder.unwrap();
    assert!(folder.join("libtorch_cpu.so").exists(), "{}", folder.display());
    assert!(machine.threads >= 1);
    assert!(!machine.cpu_capability.is_empty() && !machine.processor.is_empty());
    assert!(!machine.processor.starts_with([':', ' ', '\t']));
}
