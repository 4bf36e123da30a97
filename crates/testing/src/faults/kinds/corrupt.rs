//! A damaged file of a run.

use super::judge::{Damage, judge};
use super::target::Target;
use crate::Dice;
use crate::faults::trial::{Trial, Verdict, broken};

/// Damages one file of a run and reads the run.
pub fn carry_out(trial: &mut Trial) -> Verdict {
    let target = Target::choose(trial, false)?;
    let path = trial.run().join(&target.name);
    let mut bytes = std::fs::read(&path).map_err(broken)?;
    let damage = damage(&mut trial.dice, &mut bytes);
    trial.note(damage);
    std::fs::write(&path, bytes).map_err(broken)?;
    let ended = target.read(trial)?;
    judge(trial, &target, &ended, Damage::Changed)
}

/// Damages bytes and describes the damage.
fn damage(dice: &mut Dice, bytes: &mut Vec<u8>) -> String {
    let n = bytes.len();
    let at = dice.below(n);
    match dice.below(5) {
        0 | 1 if n > 0 => {
            let bit = dice.below(8);
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of byte {at} is flipped")
        }
        2 if n > 0 => {
            bytes.truncate(at);
            format!("truncated to {at} of {n} bytes")
        }
        3 if n > 0 => {
            bytes.clear();
            "emptied".into()
        }
        _ => {
            let more = 1 + dice.below(64);
            bytes.extend((0..more).map(|_| dice.below(256) as u8));
            format!("{more} bytes are appended")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_changes_every_input() {
        for number in 0..200 {
            for input in [&b"some bytes"[..], b""] {
                let mut bytes = input.to_vec();
                let text = damage(&mut Dice::of(number), &mut bytes);
                assert!(bytes != input, "{number}: {text}");
            }
        }
    }
}
