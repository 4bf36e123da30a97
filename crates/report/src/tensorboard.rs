//! TensorBoard's event files, with scalars and images by step.
//!
//! A file is a sequence of records: a length, its checksum, an `Event` in protocol buffers, its checksum (TensorFlow's TFRecord framing
//! with masked CRC-32C). These functions make records; the caller appends them to a file.

/// The first record of an event file.
pub fn event_file_head(wall_time: f64) -> Vec<u8> {
    let mut event = double(1, wall_time);
    event.extend(bytes(3, b"brain.Event:2"));
    record(&event)
}

/// A record with the scalars of one step, given by tag and value.
pub fn scalar_record(step: u64, wall_time: f64, scalars: &[(String, f64)]) -> Vec<u8> {
    let values = scalars.iter().flat_map(|(tag, value)| {
        let mut inner = bytes(1, tag.as_bytes());
        inner.extend(key(2, 5));
        inner.extend((*value as f32).to_le_bytes());
        bytes(1, &inner)
    });
    event(step, wall_time, &values.collect::<Vec<u8>>())
}

/// A record with an image of one step: a complete PNG file and the image's height and width.
pub fn image_record(
    step: u64,
    wall_time: f64,
    tag: &str,
    png: &[u8],
    [height, width]: [usize; 2],
) -> Vec<u8> {
    let mut image = whole(1, height as u64);
    image.extend(whole(2, width as u64));
    image.extend(whole(3, 3));
    image.extend(bytes(4, png));
    let mut value = bytes(1, tag.as_bytes());
    value.extend(bytes(4, &image));
    event(step, wall_time, &bytes(1, &value))
}

/// The number of bytes of an event file up to the first record that is incomplete, damaged or of a step after `last`.
pub fn events_until(file: &[u8], last: u64) -> usize {
    let mut at = 0;
    while let Some((event, end)) = next_record(&file[at..]) {
        if step_of(event).is_some_and(|step| step > last) {
            break;
        }
        at += end;
    }
    at
}

/// The position of the first damaged record of an event file, if there is one. A last record that was not written completely is no damage.
pub fn damaged_at(file: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some((_, end)) = next_record(&file[at..]) {
        at += end;
    }
    let rest = &file[at..];
    let (Some(length), Some(sum)) = (rest.get(..8), rest.get(8..12)) else { return None };
    let announced = u64::from_le_bytes(length.try_into().ok()?);
    let is_whole = announced.checked_add(16).is_none_or(|end| end <= rest.len() as u64);
    (masked(length).to_le_bytes() != *sum || is_whole).then_some(at)
}

fn event(step: u64, wall_time: f64, values: &[u8]) -> Vec<u8> {
    let mut event = double(1, wall_time);
    event.extend(whole(2, step));
    event.extend(bytes(5, values));
    record(&event)
}

/// The content of the first record and the position of its end; `None` if the record is incomplete or damaged.
fn next_record(file: &[u8]) -> Option<(&[u8], usize)> {
    let length = file.get(..8)?;
    let n = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
    let end = n.checked_add(16)?;
    let whole = file.get(..end)?;
    let sum = |at: usize| whole[at..at + 4].try_into().ok().map(u32::from_le_bytes);
    let data = &whole[12..12 + n];
    (sum(8)? == masked(length) && sum(12 + n)? == masked(data)).then_some((data, end))
}

/// The step of an event, its field 2.
fn step_of(event: &[u8]) -> Option<u64> {
    let mut at = 0;
    while at < event.len() {
        let (tag, next) = read_varint(event, at)?;
        at = next;
        match tag & 7 {
            0 => {
                let (value, next) = read_varint(event, at)?;
                if tag >> 3 == 2 {
                    return Some(value);
                }
                at = next;
            }
            1 => at += 8,
            2 => {
                let (n, next) = read_varint(event, at)?;
                at = next.checked_add(usize::try_from(n).ok()?)?;
            }
            5 => at += 4,
            _ => return None,
        }
    }
    None
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(&length).to_le_bytes(), data, &masked(data).to_le_bytes()].concat()
}

/// TensorFlow's masked CRC-32C.
fn masked(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn read_varint(from: &[u8], mut at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *from.get(at)?;
        at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
    }
    None
}

fn key(field: u64, wire: u64) -> Vec<u8> {
    varint(field << 3 | wire)
}

fn whole(field: u64, value: u64) -> Vec<u8> {
    [key(field, 0), varint(value)].concat()
}

fn double(field: u64, value: f64) -> Vec<u8> {
    [key(field, 1), value.to_le_bytes().to_vec()].concat()
}

fn bytes(field: u64, value: &[u8]) -> Vec<u8> {
    [key(field, 2), varint(value.len() as u64), value.to_vec()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_tensorflows() {
        // CRC-32C of "123456789" is 0xe3069283 (RFC 3720's check value).
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(masked(b"123456789"), 0xe306_9283u32.rotate_right(15).wrapping_add(0xa282_ead8));
    }

    #[test]
    fn a_log_is_cut_at_a_step_and_never_within_a_record() {
        let head = event_file_head(1.5);
        let line = |step: u64| scalar_record(step, 2.0, &[("loss".into(), 0.25), ("rate".into(), 1e-3)]);
        let image = image_record(300, 2.0, "samples", b"PNG", [4, 8]);
        let file = [head.clone(), line(100), line(200), image, line(400)].concat();
        let until_300 = file.len() - line(400).len();
        assert_eq!(events_until(&file, 300), until_300);
        assert_eq!(events_until(&file, 1000), file.len());
        assert_eq!(events_until(&file, 0), head.len());
        for cut in 0..file.len() {
            let kept = events_until(&file[..cut], 1000);
            assert!(kept <= cut && (kept == 0 || next_record(&file[..kept]).is_some()));
        }
        let mut damaged = file.clone();
        damaged[head.len() + 14] ^= 1;
        assert_eq!(events_until(&damaged, 1000), head.len());
        assert_eq!(damaged_at(&damaged), Some(head.len()));
        assert_eq!(damaged_at(&file), None);
        for cut in 0..file.len() {
            assert_eq!(damaged_at(&file[..cut]), None, "an incomplete record is no damage");
        }
        for bit in 0..8 * file.len() {
            let mut flipped = file.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(damaged_at(&flipped).is_some_and(|at| at <= bit / 8), "bit {bit}");
        }
        assert_eq!(step_of(next_record(&line(1 << 40)).unwrap().0), Some(1 << 40));
    }
}
