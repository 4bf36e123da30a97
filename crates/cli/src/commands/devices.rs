//! The subcommand `tweedie devices`.

use crate::output::line;
use tweedie_applications::auto::Auto;
use tweedie_torch::{Choice, PrecisionChoice, devices, machine};

/// Prints the versions, the processor, the devices and the precision that `auto` selects.
pub fn run() -> anyhow::Result<()> {
    let machine = machine();
    let row = |name: &str, value: String| line(format!("{name:<20} {value}"));
    row("tweedie", env!("CARGO_PKG_VERSION").into());
    let place =
        machine.library_folder.map_or("an unknown place".into(), |folder| folder.display().to_string());
    row("LibTorch loaded", format!("{} from {place}", machine.libtorch));
    row(
        "processor",
        format!("{}, {} threads, kernels for {}", machine.processor, machine.threads, machine.cpu_capability),
    );
    row("devices", devices());
    let device = Choice::Auto.resolve()?;
    let (precision, reason) = PrecisionChoice::Auto.resolve(device);
    row("auto", format!("{device:?}, {}: {reason}", precision.name()));
    if let Auto::Measured { file } = crate::start::auto() {
        row(
            "",
            format!(
                "measured instead where a model is trained or evaluated; remembered in {}",
                file.display()
            ),
        );
    }
    Ok(())
}
