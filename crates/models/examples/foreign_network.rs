//! A custom network as a model. The architecture of an unrelated checkpoint implements [`tweedie_networks::Network`], its weights are
//! read by their names, and the model is sampled like any other.
//!
//! ```text
//! cargo run --release --example foreign_network -- FOLDER
//! ```
//!
//! FOLDER contains `ddpm_mnist.safetensors`, the weights, and `golden_mnist.safetensors`, initial noise and the samples that the
//! checkpoint's original code generates from it with 50 steps of DDIM. The maximum difference from these samples is printed.

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
    println!("{} has {} trained parameters", model.network().class_name(), model.n_trained());
    println!(
        "the maximum difference from the recorded images is {:e}",
        recorded::difference(&model, folder)?
    );
    Ok(())
}
