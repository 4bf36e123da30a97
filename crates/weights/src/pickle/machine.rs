//! The pickle machine: a stack with marks, a memo, and an arena of containers.

use super::value::{ALLOWED, Value};

/// The maximum number of steps of a pickle. It bounds the memory, because each step may store a value. A tensor takes about forty
/// steps.
const MOST_STEPS: usize = 4_000_000;

pub(super) struct Machine<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) stack: Vec<Value>,
    pub(super) marks: Vec<usize>,
    pub(super) memo: Vec<Option<Value>>,
    pub(super) arena: Vec<Vec<Value>>,
    steps: usize,
}

/// Runs a pickle. Returns its result and the containers that the result refers to.
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
            return Err(format!("its pickle takes more than {MOST_STEPS} steps"));
        }
    }
}

impl Machine<'_> {
    pub(super) fn pop(&mut self) -> Result<Value, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err("its pickle takes a value from an empty stack".into());
        }
        self.stack.pop().ok_or_else(|| "its pickle takes a value from an empty stack".into())
    }

    pub(super) fn pop_to_mark(&mut self) -> Result<Vec<Value>, String> {
        let mark = self.marks.pop().ok_or("its pickle needs a mark on the stack, but there is none")?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    pub(super) fn tuple(&mut self, n: usize) -> Result<(), String> {
        let mut values = Vec::new();
        for _ in 0..n {
            values.push(self.pop()?);
        }
        values.reverse();
        let at = self.keep(values);
        self.stack.push(Value::Tuple(at));
        Ok(())
    }

    /// Stores a container in the arena and returns its index.
    pub(super) fn keep(&mut self, values: Vec<Value>) -> usize {
        self.arena.push(values);
        self.arena.len() - 1
    }

    pub(super) fn remember(&mut self, at: usize) -> Result<(), String> {
        let value = self
            .stack
            .last()
            .cloned()
            .ok_or("its pickle stores a value in the memo, but the stack is empty")?;
        // The bound depends on the steps, not on the size of the memo, which each further entry could extend.
        if at > self.steps + (1 << 16) {
            return Err("its pickle stores a value at an index of the memo that is too large".into());
        }
        if at >= self.memo.len() {
            self.memo.resize(at + 1, None);
        }
        self.memo[at] = Some(value);
        Ok(())
    }

    pub(super) fn recall(&mut self, at: usize) -> Result<(), String> {
        let value = self
            .memo
            .get(at)
            .cloned()
            .flatten()
            .ok_or("its pickle reads an entry of the memo that does not exist")?;
        self.stack.push(value);
        Ok(())
    }

    pub(super) fn name(&mut self, module: &str, name: &str) -> Result<(), String> {
        let full = format!("{module}.{name}");
        let known = ALLOWED.iter().find(|allowed| **allowed == full);
        let known = known.ok_or_else(|| {
            format!("it refers to {full}, which is not allowed in a file of weights; nothing was executed")
        })?;
        self.stack.push(Value::Name(known));
        Ok(())
    }
}
