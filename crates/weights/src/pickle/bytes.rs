//! Sequential reading of the bytes of a pickle.

use super::machine::Machine;
use std::rc::Rc;

impl Machine<'_> {
    pub(super) fn take(&mut self, n: usize) -> Result<&[u8], String> {
        let end = self.at.checked_add(n).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or("its pickle is truncated")?;
        let part = &self.bytes[self.at..end];
        self.at = end;
        Ok(part)
    }

    pub(super) fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn u32(&mut self) -> Result<u32, String> {
        Ok(u32::from_le_bytes(self.take(4)?.try_into().map_err(|_| "its pickle is truncated")?))
    }

    pub(super) fn text(&mut self, n: usize) -> Result<Rc<str>, String> {
        let text =
            std::str::from_utf8(self.take(n)?).map_err(|_| "its pickle contains text that is not UTF-8")?;
        Ok(text.into())
    }

    pub(super) fn line(&mut self) -> Result<String, String> {
        let rest = &self.bytes[self.at..];
        let n = rest.iter().position(|&byte| byte == b'\n').ok_or("its pickle is truncated")?;
        let line = self.text(n)?.to_string();
        self.at += 1;
        Ok(line)
    }
}

/// Decodes a little-endian two's complement integer of up to eight bytes.
pub(super) fn long(bytes: &[u8]) -> Result<i64, String> {
    if bytes.len() > 8 {
        return Err("its pickle contains an integer of more than 64 bits".into());
    }
    let sign = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
    let mut all = [sign; 8];
    all[..bytes.len()].copy_from_slice(bytes);
    Ok(i64::from_le_bytes(all))
}
