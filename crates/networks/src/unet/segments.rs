//! Blocks as they are, or computed again in the backward pass.

use super::blocks::{DownBlock, MidBlock, UpBlock};
use crate::{Error, Pass};
use std::sync::Arc;
use tch::Tensor;
use tweedie_torch::checkpoint;

/// A block on the way down: pushes its states, returns the last.
pub(super) fn down(
    block: &Arc<DownBlock>,
    h: Tensor,
    embedding: &Tensor,
    pass: &Pass,
    skips: &mut Vec<Tensor>,
) -> Result<Tensor, Error> {
    if !pass.gradient_checkpointing {
        return Ok(block.forward(h, embedding, pass, skips));
    }
    let (part, pass) = (Arc::clone(block), *pass);
    let states = checkpoint(&[h, embedding.shallow_clone()], move |inputs| {
        let mut states = Vec::new();
        // What is returned is the last state.
        let _ = part.forward(inputs[0].shallow_clone(), &inputs[1], &pass, &mut states);
        states
    })?;
    let last = states.last().map(Tensor::shallow_clone);
    skips.extend(states);
    last.ok_or_else(|| Error::Input("a block of the network has no layers".into()))
}

/// The middle.
pub(super) fn middle(
    block: &Arc<MidBlock>,
    h: Tensor,
    embedding: &Tensor,
    pass: &Pass,
) -> Result<Tensor, Error> {
    if !pass.gradient_checkpointing {
        return Ok(block.forward(&h, embedding, pass));
    }
    let (part, pass) = (Arc::clone(block), *pass);
    let code = move |inputs: &[Tensor]| vec![part.forward(&inputs[0], &inputs[1], &pass)];
    Ok(checkpoint(&[h, embedding.shallow_clone()], code)?.remove(0))
}

/// A block on the way up: takes its share of the states, last first.
pub(super) fn up(
    block: &Arc<UpBlock>,
    h: Tensor,
    embedding: &Tensor,
    pass: &Pass,
    skips: &mut Vec<Tensor>,
) -> Result<Tensor, Error> {
    if !pass.gradient_checkpointing {
        return Ok(block.forward(h, embedding, pass, skips));
    }
    let (part, pass) = (Arc::clone(block), *pass);
    let mut inputs = vec![h, embedding.shallow_clone()];
    inputs.extend(skips.split_off(skips.len().saturating_sub(block.n_skips())));
    let code = move |inputs: &[Tensor]| {
        let mut states = inputs[2..].iter().map(Tensor::shallow_clone).collect();
        vec![part.forward(inputs[0].shallow_clone(), &inputs[1], &pass, &mut states)]
    };
    Ok(checkpoint(&inputs, code)?.remove(0))
}
