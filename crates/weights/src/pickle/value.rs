//! What a pickle of tensors is made of, and all that it may name.

use std::rc::Rc;

/// What may lie on the machine's stack. Containers are places in its arena: a pickle may fill one after it was remembered,
/// may put one into itself, and may nest them deeper than any stack.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<str>),
    Tuple(usize),
    List(usize),
    /// Keys and values in turn.
    Dict(usize),
    /// One of [`ALLOWED`].
    Name(&'static str),
    /// Numbers that lie beside the pickle: their kind by name, their key.
    Storage(&'static str, Rc<str>),
    /// A view of a storage: (storage's kind and key, offset, shape, strides).
    Tensor(Rc<Tensor>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor {
    pub kind: &'static str,
    pub storage: Rc<str>,
    pub offset: u64,
    pub shape: Vec<usize>,
    pub strides: Vec<u64>,
}

/// Everything that a pickle may name.
pub(super) const ALLOWED: [&str; 14] = [
    "collections.OrderedDict",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_parameter",
    "torch.Size",
    "torch.FloatStorage",
    "torch.DoubleStorage",
    "torch.HalfStorage",
    "torch.BFloat16Storage",
    "torch.LongStorage",
    "torch.IntStorage",
    "torch.ShortStorage",
    "torch.CharStorage",
    "torch.ByteStorage",
    "torch.BoolStorage",
];
