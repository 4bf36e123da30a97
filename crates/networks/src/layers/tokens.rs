//! Conversion between images and tokens, one vector per square patch.

use tch::Tensor;

/// Splits images into patches in row order: (N, C, H, W) → (N, H·W/p², C·p²). p must divide H and W.
pub fn to_tokens(x: &Tensor, p: i64) -> Tensor {
    let size = x.size();
    let (n, c, h, w) = (size[0], size[1], size[2] / p, size[3] / p);
    x.reshape([n, c, h, p, w, p]).permute([0, 2, 4, 1, 3, 5]).reshape([n, h * w, c * p * p])
}

/// The inverse of [`to_tokens`] for images of `sides` = [height, width].
pub fn from_tokens(tokens: &Tensor, p: i64, sides: [i64; 2]) -> Tensor {
    let size = tokens.size();
    let (n, c, h, w) = (size[0], size[2] / (p * p), sides[0] / p, sides[1] / p);
    tokens.reshape([n, h, w, c, p, p]).permute([0, 3, 1, 4, 2, 5]).reshape([n, c, h * p, w * p])
}
