//! The values of a pickle of tensors, and the names that it may refer to.

use std::rc::Rc;

/// A value on the stack of the machine. Containers are indices of the machine's arena, because a pickle may fill a container after it
/// was stored in the memo, put it into itself, and nest containers deeper than the call stack allows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<str>),
    Tuple(usize),
    List(usize),
    /// Alternating keys and values.
    Dict(usize),
    /// One of [`ALLOWED`].
    Name(&'static str),
    /// A storage of numbers in the archive: the name of its type and its key.
    Storage(&'static str, Rc<str>),
    /// A view of a storage.
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

/// The names that a pickle may refer to.
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
