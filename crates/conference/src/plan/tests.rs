use proptest::prelude::*;

use super::*;

fn pattern(written: &str) -> Pattern {
    written.parse().unwrap()
}

#[test]
fn patterns_match_whole_numbers() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("2002", &["2002"], &["", "200", "20022", "2003", "2002 "]),
        ("X{4}", &["1004", "0000"], &["", "100", "10045", "100a", "*004", "１００４"]),
        ("XXXX", &["1004"], &["100", "10045"]),
        ("X{5,11}", &["12345", "12345678901"], &["1234", "123456789012", "1234x"]),
        ("00.", &["001", "001234567890123"], &["00", "0", "0123", "0012345678901234", "00a"]),
        ("20X{2}1", &["20001", "20991"], &["20002", "2001"]),
        ("*9X", &["*91"], &["91", "*9a"]),
        ("+1X{2,3}", &["+123", "+1234"], &["+12", "123"]),
        ("9{2,3}", &["99", "999"], &["9", "9999", "98"]),
        ("test-room_1", &["test-room_1"], &["test", "TEST-ROOM_1"]),
    ];
    for (written, matching, others) in cases {
        let pattern = pattern(written);
        assert_eq!(pattern.to_string(), *written);
        matching.iter().for_each(|number| assert!(pattern.matches(number), "{written} {number}"));
        others.iter().for_each(|number| assert!(!pattern.matches(number), "{written} {number}"));
    }
}

#[test]
fn what_is_no_pattern_says_why() {
    let cases = [
        ("", "one place"),
        ("{4}", "follow a place"),
        ("X{", "not closed"),
        ("X{0}", "from 1 to 15"),
        ("X{16}", "from 1 to 15"),
        ("X{4,2}", "must not be above"),
        ("X{-1}", "from 1 to 15"),
        ("X{1,2}0", "only the last place"),
        (".0", "only the last place"),
        ("XXXXXXXX{9}", "15 places"),
        ("0123456789012345", "15 places"),
        ("^2002$", "allowed are"),
        ("\\d{4}", "allowed are"),
        ("é", "allowed are"),
    ];
    for (written, why) in cases {
        let error = written.parse::<Pattern>().unwrap_err();
        assert!(error.to_string().contains(why), "{written}: {error}");
    }
}

#[test]
fn deny_wins_and_what_matches_nothing_is_not_called() {
    let plan = NumberPlan {
        deny: vec![pattern("00."), pattern("1009")],
        allow: vec![
            PlanEntry::new(pattern("X{4}"), Destination::User),
            PlanEntry::new(pattern("X{5,11}"), Destination::Gateway("mygw".into())),
        ],
    };
    let gateway = |number: &str| DialTarget::Gateway { gateway: "mygw".into(), number: number.into() };
    let targets = |number: &str| plan.find(number).map(|entry| entry.targets(number));
    assert_eq!(targets("1004"), Some(vec![DialTarget::User("1004".into())]));
    assert_eq!(targets("20001"), Some(vec![gateway("20001")]));
    for number in ["1009", "0012345", "123", "123456789012", "10*4", "1004;a=b", "+1004", ""] {
        assert_eq!(plan.find(number), None, "{number}");
    }
    assert_eq!(NumberPlan::default().find("1004"), None);
}

proptest! {
    #[test]
    fn any_text_is_a_pattern_or_an_error(written in ".{0,24}", number in ".{0,20}") {
        if let Ok(pattern) = written.parse::<Pattern>() {
            let _ = pattern.matches(&number);
        }
    }

    #[test]
    fn counts_are_lengths(min in 1..=15usize, more in 0..=15usize, number in "[0-9]{0,20}") {
        let max = (min + more).min(15);
        let pattern = pattern(&format!("X{{{min},{max}}}"));
        prop_assert_eq!(pattern.matches(&number), (min..=max).contains(&number.len()));
    }
}
