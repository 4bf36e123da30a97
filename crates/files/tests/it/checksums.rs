//! Every change of a file is recognised by its checksum.

use crate::place;
use tweedie_files::{Error, Staging, checksum_of, checksum_of_bytes, checksums_below, verify};

#[test]
fn checksums_are_those_of_sha256sum() {
    // The test vectors of FIPS 180-2.
    let (_folder, path) = place("abc");
    std::fs::write(&path, "abc").unwrap();
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(checksum_of(&path).unwrap(), expected);
    assert_eq!(checksum_of_bytes(b"abc"), expected);
    // More than one buffer.
    let many = vec![b'a'; 1_000_000];
    std::fs::write(&path, &many).unwrap();
    let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    assert_eq!(checksum_of(&path).unwrap(), expected);
}

#[test]
fn every_flipped_bit_is_found_and_named() {
    let (_place, target) = place("folder");
    let staging = Staging::new(&target).unwrap();
    staging.write("a", b"first").unwrap();
    staging.write("b/c", b"second").unwrap();
    let sums = staging.checksums().unwrap();
    let folder = staging.commit().unwrap();
    assert_eq!(sums.keys().collect::<Vec<_>>(), ["a", "b/c"]);
    assert_eq!(sums, checksums_below(&folder).unwrap());
    verify(&folder, &sums).unwrap();
    for name in ["a", "b/c"] {
        let path = folder.join(name);
        let whole = std::fs::read(&path).unwrap();
        for bit in 0..8 * whole.len() {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, bytes).unwrap();
            let error = verify(&folder, &sums).unwrap_err();
            assert!(matches!(&error, Error::Checksum { path: found } if *found == path), "{error}");
        }
        std::fs::write(&path, &whole[1..]).unwrap();
        assert!(verify(&folder, &sums).is_err());
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(verify(&folder, &sums), Err(Error::Io { .. })));
        std::fs::write(&path, &whole).unwrap();
    }
    std::fs::write(folder.join("more"), "files that were added are ignored").unwrap();
    verify(&folder, &sums).unwrap();
}
