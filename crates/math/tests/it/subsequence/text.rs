//! Sub-sequences as text.

use super::times::any_subsequence;
use proptest::prelude::*;
use tweedie_math::{Spacing, Subsequence};

proptest! {
    /// What is written is read as what it was, and written the same.
    #[test]
    fn any_subsequence_comes_back(subsequence in any_subsequence(200)) {
        let text = subsequence.to_string();
        let read: Subsequence = text.parse().unwrap();
        prop_assert_eq!(read.to_string(), text);
        prop_assert_eq!(read, subsequence);
    }

    /// No text is a panic.
    #[test]
    fn any_text_is_read_or_refused(text in "[a-z_]{0,9}:?[0-9,. -]{0,9}") {
        if let Ok(read) = text.parse::<Subsequence>() {
            prop_assert_eq!(read.to_string().parse::<Subsequence>(), Ok(read));
        }
    }
}

#[test]
fn the_names_are_those_documented() {
    let spaced = |spacing, n| Subsequence::Spaced { spacing, n };
    for (text, expected) in [
        ("all", Subsequence::All),
        ("trailing:50", spaced(Spacing::Trailing, 50)),
        ("leading:50", spaced(Spacing::Leading, 50)),
        ("linspace:50", spaced(Spacing::Linspace, 50)),
        ("quadratic:50", spaced(Spacing::Quadratic, 50)),
        ("sections:10,15,20", Subsequence::Sections(vec![10, 15, 20])),
        ("ddim50", Subsequence::Strided(50)),
        ("karras:18", Subsequence::Karras { n: 18, rho: 7.0 }),
        ("karras:18,5.5", Subsequence::Karras { n: 18, rho: 5.5 }),
        ("log_snr:50", Subsequence::UniformLogSnr { n: 50 }),
        ("times:1,5,10", Subsequence::Times(vec![1, 5, 10])),
        ("sections:10, 15", Subsequence::Sections(vec![10, 15])),
    ] {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }
}

#[test]
fn other_text_is_refused_with_what_is_allowed() {
    for text in [
        "",
        "some",
        "All",
        "trailing",
        "trailing:",
        "trailing:x",
        "trailing:-1",
        "trailing:1.5",
        "trailing:1,2",
        "sections:",
        "sections:1,,2",
        "ddim",
        "ddim:50",
        "karras:",
        "karras:18,",
        "karras:18,x",
        "log_snr:1,2",
        "times:",
        "backwards:5",
    ] {
        let refusal = text.parse::<Subsequence>().expect_err(text).to_string();
        assert!(refusal.contains(&format!("\"{text}\"")) && refusal.contains("trailing:N"), "{refusal}");
    }
}

#[test]
fn numbers_beyond_every_process_are_refused() {
    for text in [
        "trailing:1000000000",
        "ddim1000000000",
        "karras:1000000000",
        "karras:1000000000,7",
        "log_snr:1000000000",
        "sections:1,1000000000",
        "times:1,1000000000",
    ] {
        let refusal = text.parse::<Subsequence>().expect_err(text).to_string();
        assert!(refusal.contains("is 1000000000; it must be at most 1000000"), "{refusal}");
    }
    assert!("karras:1000000".parse::<Subsequence>().is_ok());
}
