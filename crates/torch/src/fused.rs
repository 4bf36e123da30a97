//! Several operations in one pass over memory, for tensors on a CPU.

use crate::{Error, shim};
use tch::{Device, Kind, Tensor};

/// The version of the kernels of this crate. It rises with every change of the bits of their results.
pub const KERNELS: u32 = 2;

/// Vectors per channel that modulate a group normalisation, with shape (N, C) or (1, C).
#[derive(Debug, Clone, Copy, Default)]
pub struct Modulation<'a> {
    /// Added to x before the normalisation.
    pub add: Option<&'a Tensor>,
    /// Scale and shift: the normalised values are multiplied by 1 + scale, then shift is added.
    pub scale_shift: Option<(&'a Tensor, &'a Tensor)>,
}

/// Computes norm(x + add)·(1 + scale) + shift, followed by SiLU if `silu` is true. norm is group normalisation with an affine map per
/// channel (Wu & He 2018).
///
/// x has shape (N, C, H, W) and kind f32 or bf16, on a CPU; the result has the same kind and the memory order N, H, W, C. Statistics are
/// f32 or wider. The result for an example does not depend on the other examples or on the number of threads. The function has first
/// derivatives, and no second ones.
///
/// # Errors
/// [`Error::LibTorch`] for shapes, kinds or devices other than these.
pub fn group_norm(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    modulation: Modulation<'_>,
    (groups, eps): (i64, f64),
    silu: bool,
) -> Result<Tensor, Error> {
    let pointer = |of: Option<&Tensor>| of.map_or(std::ptr::null(), Tensor::as_ptr);
    let (scale, shift) = modulation.scale_shift.unzip();
    // SAFETY: all tensors are alive during the call, and the shim accepts null for those that are missing.
    shim::made(|made| unsafe {
        shim::tweedie_group_norm(
            x.as_ptr(),
            weight.as_ptr(),
            bias.as_ptr(),
            pointer(modulation.add),
            pointer(scale),
            pointer(shift),
            groups,
            eps,
            silu,
            made,
        )
    })
}

/// Computes multi-head self-attention, softmax(q·kᵀ/√d)·v, for qkv of shape (N, T, 3·heads·d): (N, T, heads·d).
///
/// Sums and the softmax are f32. The result for an example does not depend on the other examples or on the number of threads. The function
/// has first derivatives, and no second ones. It keeps the keys and values of a head as f32, for which T·d should not be much above half a million.
///
/// # Errors
/// [`Error::LibTorch`] for tensors that [`attention_takes`] excludes.
pub fn attention(qkv: &Tensor, heads: i64) -> Result<Tensor, Error> {
    // SAFETY: the tensor is alive during the call.
    shim::made(|made| unsafe { shim::tweedie_attention(qkv.as_ptr(), heads, made) })
}

/// Whether [`attention`] computes this number of tokens with heads of width d: multiples of 16 of f32 or bf16 on a CPU.
pub fn attention_takes(tokens: i64, d: i64, kind: Kind, device: Device) -> bool {
    tokens % 16 == 0 && d % 16 == 0 && matches!(kind, Kind::Float | Kind::BFloat16) && device == Device::Cpu
}
