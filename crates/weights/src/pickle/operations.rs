//! The operations of the pickle machine, limited to those that a file of tensors needs.

use super::bytes::long;
use super::machine::Machine;
use super::value::Value;

impl Machine<'_> {
    /// Runs one operation. Returns the result of the pickle after the last one.
    pub(super) fn step(&mut self) -> Result<Option<Value>, String> {
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
                let value = f64::from_be_bytes(bytes.try_into().map_err(|_| "its pickle is truncated")?);
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
                _ => return Err("its pickle uses a name that is not text".into()),
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
            // Sets the state of an object. Dictionaries have metadata here, which is not needed for weights.
            b'b' => {
                self.pop()?;
            }
            b'0' => {
                self.pop()?;
            }
            other => {
                return Err(format!(
                    "its pickle contains the operation 0x{other:02x}, which is not allowed in a file of weights"
                ));
            }
        }
        Ok(None)
    }

    fn extend_list(&mut self, values: Vec<Value>) -> Result<(), String> {
        match self.stack.last() {
            Some(Value::List(at)) => self.arena[*at].extend(values),
            _ => return Err("its pickle appends to a value that is not a list".into()),
        }
        Ok(())
    }

    fn extend_dict(&mut self, values: Vec<Value>) -> Result<(), String> {
        match self.stack.last() {
            Some(Value::Dict(at)) if values.len().is_multiple_of(2) => self.arena[*at].extend(values),
            Some(Value::Dict(_)) => {
                return Err("its pickle sets a key of a dictionary without a value".into());
            }
            _ => return Err("its pickle sets an item of a value that is not a dictionary".into()),
        }
        Ok(())
    }
}
