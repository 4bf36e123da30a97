//! A network of one's own as a model: an unrelated checkpoint's architecture is written against [`tweedie_networks::Network`], its
//! weights are read by their names, and the model is sampled like any other.
//!
//! ```text
//! cargo run --release --example foreign_network -- FOLDER
//! ```
//!
//! FOLDER holds `ddpm_mnist.safetensors`, the weights, and `golden_mnist.safetensors`, noise with what the checkpoint's own code makes
//! of it by 50 steps of DDIM. The greatest difference from that is printed.

#![expect(clippy::print_stdout, reason = "an example prints its result")]

#[path = "foreign_network/network.rs"]
mod network;
#[path = "foreign_network/recorded.rs"]
mod recorded;

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder =
        std::env::args().nth(1).ok_or("the folder of the checkpoint is missing: foreign_network FOLDER")?;
    let folder = Path::new(&folder);
    let model = recorded::model(folder)?;
    println!("{} has {} trained numbers", model.network().class_name(), model.n_trained());
    println!(
        "the greatest difference from the recorded images is {:e}",
        recorded::difference(&model, folder)?
    );
    Ok(())
}
