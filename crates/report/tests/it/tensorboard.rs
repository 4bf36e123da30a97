//! TensorBoard's records, read back by a reader that shares nothing with the writer.

use tweedie_report::{event_file_head, events_until, image_record, scalar_record};

/// CRC-32C bit by bit (RFC 3720, reflected polynomial 0x82f63b78), masked as TFRecord masks it.
fn masked_checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ 0x82f6_3b78 } else { sum >> 1 };
    let sum = !bytes.iter().fold(!0, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), step));
    sum.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The contents of the records.
fn records(mut file: &[u8]) -> Vec<&[u8]> {
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    let mut found = Vec::new();
    while !file.is_empty() {
        let n = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
        assert_eq!(word(&file[8..12]), masked_checksum(&file[..8]));
        let data = &file[12..12 + n];
        assert_eq!(word(&file[12 + n..16 + n]), masked_checksum(data));
        found.push(data);
        file = &file[16 + n..];
    }
    found
}

/// A value of protocol buffers as it lies on the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wire<'a> {
    Whole(u64),
    Eight([u8; 8]),
    Bytes(&'a [u8]),
    Four([u8; 4]),
}

impl<'a> Wire<'a> {
    fn bytes(self) -> &'a [u8] {
        if let Self::Bytes(bytes) = self { bytes } else { panic!("{self:?}") }
    }
}

/// The fields of a message in their order.
fn fields(mut message: &[u8]) -> Vec<(u64, Wire<'_>)> {
    fn varint(from: &mut &[u8]) -> u64 {
        let n = from.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
        let (digits, rest) = from.split_at(n);
        *from = rest;
        digits.iter().rev().fold(0, |value, digit| value << 7 | u64::from(digit & 0x7f))
    }
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let value = match key & 7 {
            0 => Wire::Whole(varint(&mut message)),
            1 => Wire::Eight(take(&mut message, 8).try_into().unwrap()),
            2 => {
                let n = varint(&mut message) as usize;
                Wire::Bytes(take(&mut message, n))
            }
            5 => Wire::Four(take(&mut message, 4).try_into().unwrap()),
            kind => panic!("the wire type {kind}"),
        };
        found.push((key >> 3, value));
    }
    found
}

fn take<'a>(from: &mut &'a [u8], n: usize) -> &'a [u8] {
    let (taken, rest) = from.split_at(n);
    *from = rest;
    taken
}

/// Wall time, step and the values of the summary of an event.
fn event(data: &[u8]) -> (f64, u64, Vec<Vec<(u64, Wire<'_>)>>) {
    let found = fields(data);
    let [(1, Wire::Eight(time)), (2, Wire::Whole(step)), (5, Wire::Bytes(summary))] = found[..] else {
        panic!("{found:?}")
    };
    let values = fields(summary).into_iter().map(|(field, value)| {
        assert_eq!(field, 1);
        fields(value.bytes())
    });
    (f64::from_le_bytes(time), step, values.collect())
}

#[test]
fn a_file_begins_with_its_version() {
    let head = event_file_head(1_700_000_000.25);
    let records = records(&head);
    assert_eq!(records.len(), 1);
    let found = fields(records[0]);
    let time = Wire::Eight(1_700_000_000.25f64.to_le_bytes());
    assert_eq!(found, [(1, time), (3, Wire::Bytes(b"brain.Event:2"))]);
}

#[test]
fn scalars_come_back() {
    let strange = "ein\u{2009}Maß/π\n".repeat(20);
    for step in [0, 1, 127, 128, 16_384, u64::from(u32::MAX), (1 << 62) + 5] {
        let scalars = [
            ("loss".to_string(), 0.25),
            (strange.clone(), -1e-3),
            (String::new(), 1e300),
            ("n".into(), f64::NAN),
        ];
        let record = scalar_record(step, 12.5, &scalars);
        let (time, found, values) = event(records(&record)[0]);
        assert_eq!((time, found, values.len()), (12.5, step, 4));
        for (value, (tag, number)) in values.iter().zip(&scalars) {
            let [(1, Wire::Bytes(name)), (2, Wire::Four(bits))] = value[..] else { panic!("{value:?}") };
            assert_eq!(name, tag.as_bytes());
            assert_eq!(f32::from_le_bytes(bits).to_bits(), (*number as f32).to_bits());
        }
    }
    assert!(event(records(&scalar_record(7, 0.0, &[]))[0]).2.is_empty());
}

#[test]
fn images_come_back() {
    let png: Vec<u8> = (0..100_000u32).map(|at| (at * 31 % 256) as u8).collect();
    let record = image_record(640, 3.5, "samples", &png, [70, 300]);
    let (time, step, values) = event(records(&record)[0]);
    assert_eq!((time, step, values.len()), (3.5, 640, 1));
    let [(1, Wire::Bytes(tag)), (4, Wire::Bytes(image))] = values[0][..] else { panic!("{:?}", values[0]) };
    assert_eq!(tag, b"samples");
    let expected =
        [(1, Wire::Whole(70)), (2, Wire::Whole(300)), (3, Wire::Whole(3)), (4, Wire::Bytes(png.as_slice()))];
    assert_eq!(fields(image), expected);
}

/// What is kept is whole records of early steps, wherever the file was cut and whichever byte is damaged.
#[test]
fn what_is_kept_can_be_read() {
    let line = |step: u64| scalar_record(step, 2.0, &[("loss".into(), 0.5)]);
    let file =
        [event_file_head(1.0), line(16), image_record(16, 2.0, "s", b"PNG", [1, 1]), line(32)].concat();
    assert_eq!(records(&file).len(), 4);
    let steps = |kept: &[u8]| records(kept).len();
    assert_eq!([0, 15, 16, 31, 32].map(|last| steps(&file[..events_until(&file, last)])), [1, 1, 3, 3, 4]);
    for cut in 0..file.len() {
        assert!(steps(&file[..events_until(&file[..cut], 32)]) < 4);
    }
    for at in 0..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 0x10;
        let kept = events_until(&damaged, 32);
        assert!(kept <= at, "byte {at} is damaged and {kept} were kept");
        records(&damaged[..kept]);
    }
    let mut announces = file.clone();
    announces.extend([0xff; 40]);
    assert_eq!(events_until(&announces, 32), file.len());
}
