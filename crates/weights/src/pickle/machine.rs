//! The pickle machine, with the operations that a file of tensors needs.

use super::bytes::long;
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
const ALLOWED: [&str; 14] = [
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

/// No pickle of weights takes more steps, each of which may leave a value: a tensor takes some forty.
const MOST_STEPS: usize = 4_000_000;

pub(super) struct Machine<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: Vec<Option<Value>>,
    pub(super) arena: Vec<Vec<Value>>,
    steps: usize,
}

/// Runs a pickle; what is left at its end, and the containers that it refers to.
pub(super) fn run(bytes: &[u8]) -> Result<(Value, Vec<Vec<Value>>), String> {
    let mut machine = Machine {
        bytes,
        at: 0,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: Vec::new(),
        arena: Vec::new(),
        steps: 0,
    };
    loop {
        if let Some(result) = machine.step()? {
            return Ok((result, machine.arena));
        }
        machine.steps += 1;
        if machine.steps > MOST_STEPS {
            return Err("its pickle takes more steps than any set of weights needs".into());
        }
    }
}

impl Machine<'_> {
    fn pop(&mut self) -> Result<Value, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err("its pickle takes more than it has".into());
        }
        self.stack.pop().ok_or_else(|| "its pickle takes more than it has".into())
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value>, String> {
        let mark = self.marks.pop().ok_or("its pickle has no mark where it needs one")?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn tuple(&mut self, n: usize) -> Result<(), String> {
        let mut values = Vec::new();
        for _ in 0..n {
            values.push(self.pop()?);
        }
        values.reverse();
        let at = self.keep(values);
        self.stack.push(Value::Tuple(at));
        Ok(())
    }

    /// A new container's place.
    pub(super) fn keep(&mut self, values: Vec<Value>) -> usize {
        self.arena.push(values);
        self.arena.len() - 1
    }

    fn remember(&mut self, at: usize) -> Result<(), String> {
        let value = self.stack.last().cloned().ok_or("its pickle remembers nothing")?;
        // Counted by steps, not by places: else each further place could lie beyond the last.
        if at > self.steps + (1 << 16) {
            return Err("its pickle remembers at a place beyond reason".into());
        }
        if at >= self.memo.len() {
            self.memo.resize(at + 1, None);
        }
        self.memo[at] = Some(value);
        Ok(())
    }

    fn recall(&mut self, at: usize) -> Result<(), String> {
        let value =
            self.memo.get(at).cloned().flatten().ok_or("its pickle recalls what it never remembered")?;
        self.stack.push(value);
        Ok(())
    }

    fn name(&mut self, module: &str, name: &str) -> Result<(), String> {
        let full = format!("{module}.{name}");
        let known = ALLOWED.iter().find(|allowed| **allowed == full);
        let known = known.ok_or_else(|| {
            format!(
                "it asks for {full}, which no set of weights needs: it was refused, and nothing was executed"
            )
        })?;
        self.stack.push(Value::Name(known));
        Ok(())
    }

    /// One operation; the result at the end.
    fn step(&mut self) -> Result<Option<Value>, String> {
        match self.byte()? {
            0x80 => {
                self.byte()?;
            }
            0x95 => {
                self.take(8)?;
            }
            b'.' => return self.pop().map(Some),
            b'(' => self.marks.push(self.stack.len()),
            b'N' => self.stack.push(Value::None),
            0x88 => self.stack.push(Value::Bool(true)),
            0x89 => self.stack.push(Value::Bool(false)),
            b'J' => {
                let value = self.u32()? as i32;
                self.stack.push(Value::Int(value.into()));
            }
            b'K' => {
                let value = self.byte()?;
                self.stack.push(Value::Int(value.into()));
            }
            b'M' => {
                let pair = self.take(2)?;
                let value = u16::from_le_bytes([pair[0], pair[1]]);
                self.stack.push(Value::Int(value.into()));
            }
            0x8a => {
                let n = usize::from(self.byte()?);
                let value = long(self.take(n)?)?;
                self.stack.push(Value::Int(value));
            }
            b'G' => {
                let bytes = self.take(8)?;
                let value = f64::from_be_bytes(bytes.try_into().map_err(|_| "its pickle is cut off")?);
                self.stack.push(Value::Float(value));
            }
            b'X' => {
                let n = self.u32()? as usize;
                let text = self.text(n)?;
                self.stack.push(Value::Text(text));
            }
            0x8c => {
                let n = usize::from(self.byte()?);
                let text = self.text(n)?;
                self.stack.push(Value::Text(text));
            }
            b')' => self.tuple(0)?,
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b't' => {
                let values = self.pop_to_mark()?;
                let at = self.keep(values);
                self.stack.push(Value::Tuple(at));
            }
            b']' => {
                let at = self.keep(Vec::new());
                self.stack.push(Value::List(at));
            }
            b'}' => {
                let at = self.keep(Vec::new());
                self.stack.push(Value::Dict(at));
            }
            b'a' => {
                let value = self.pop()?;
                self.extend_list(vec![value])?;
            }
            b'e' => {
                let values = self.pop_to_mark()?;
                self.extend_list(values)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.extend_dict(vec![key, value])?;
            }
            b'u' => {
                let values = self.pop_to_mark()?;
                self.extend_dict(values)?;
            }
            b'q' => {
                let at = usize::from(self.byte()?);
                self.remember(at)?;
            }
            b'r' => {
                let at = self.u32()? as usize;
                self.remember(at)?;
            }
            0x94 => self.remember(self.memo.len())?,
            b'h' => {
                let at = usize::from(self.byte()?);
                self.recall(at)?;
            }
            b'j' => {
                let at = self.u32()? as usize;
                self.recall(at)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.name(&module, &name)?;
            }
            0x93 => match (self.pop()?, self.pop()?) {
                (Value::Text(name), Value::Text(module)) => self.name(&module, &name)?,
                _ => return Err("its pickle names something by what is no text".into()),
            },
            b'Q' => {
                let id = self.pop()?;
                let numbers = self.storage(&id)?;
                self.stack.push(numbers);
            }
            b'R' => {
                let (arguments, name) = (self.pop()?, self.pop()?);
                let made = self.call(&name, &arguments)?;
                self.stack.push(made);
            }
            // A state for what was made: dictionaries carry metadata here that says nothing of weights.
            b'b' => {
                self.pop()?;
            }
            b'0' => {
                self.pop()?;
            }
            other => {
                return Err(format!(
                    "its pickle holds the operation 0x{other:02x}, which no set of weights needs"
                ));
            }
        }
        Ok(None)
    }

    fn extend_list(&mut self, values: Vec<Value>) -> Result<(), String> {
        match self.stack.last() {
            Some(Value::List(at)) => self.arena[*at].extend(values),
            _ => return Err("its pickle appends to what is no list".into()),
        }
        Ok(())
    }

    fn extend_dict(&mut self, values: Vec<Value>) -> Result<(), String> {
        match self.stack.last() {
            Some(Value::Dict(at)) if values.len().is_multiple_of(2) => self.arena[*at].extend(values),
            Some(Value::Dict(_)) => return Err("its pickle sets a key without a value".into()),
            _ => return Err("its pickle sets an item of what is no dictionary".into()),
        }
        Ok(())
    }
}
