//! What is read of them, what is not, and that what is written reads back.

use proptest::prelude::*;

use super::*;
use crate::message::Method;

#[test]
fn session_expires_by_table() {
    let wanted =
        |seconds, refresher| Some(SessionExpires { interval: Duration::from_secs(seconds), refresher });
    let table = [
        ("1800", wanted(1800, None)),
        ("1800;refresher=uac", wanted(1800, Some(Refresher::Uac))),
        (" 90 ; Refresher = UAS ;x=y", wanted(90, Some(Refresher::Uas))),
        ("0", wanted(0, None)),
        ("4294967296", None),
        ("-1", None),
        ("", None),
        (";refresher=uac", None),
        ("90;refresher=both", None),
    ];
    for (text, expected) in table {
        assert_eq!(text.parse::<SessionExpires>().ok(), expected, "{text}");
    }
}

#[test]
fn rack_by_table() {
    let read = "776656 1 INVITE".parse::<RAck>().unwrap();
    assert_eq!((read.rseq, read.cseq), (776_656, CSeq::new(1, Method::Invite)));
    for text in ["", "1", "1 1", "x 1 INVITE", "1 x INVITE", "99999999999 1 INVITE"] {
        assert!(text.parse::<RAck>().is_err(), "{text}");
    }
}

#[test]
fn replaces_by_table() {
    let read = "98732@sip.example.com ; from-tag=r33th4x0r ;to-tag=ff87ff".parse::<Replaces>().unwrap();
    assert_eq!((read.call_id.as_str(), read.early_only), ("98732@sip.example.com", false));
    assert_eq!((read.to_tag.as_str(), read.from_tag.as_str()), ("ff87ff", "r33th4x0r"));
    assert!("a;to-tag=1;from-tag=2;early-only".parse::<Replaces>().unwrap().early_only);
    for text in ["", "a", "a;to-tag=1", "a;from-tag=1", ";to-tag=1;from-tag=2", "a;to-tag;from-tag=1"] {
        assert!(text.parse::<Replaces>().is_err(), "{text}");
    }
}

#[test]
fn event_by_table() {
    let package =
        |name: &str, id: Option<&str>| Some(Package { name: name.into(), id: id.map(str::to_owned) });
    let table = [
        ("conference", package("conference", None)),
        ("Refer; id=93", package("refer", Some("93"))),
        ("", None),
        ("a b", None),
        (";id=1", None),
    ];
    for (text, expected) in table {
        assert_eq!(text.parse::<Package>().ok(), expected, "{text}");
    }
}

proptest! {
    /// Nothing makes them panic, and what they read they write so that it reads the same.
    #[test]
    fn what_is_read_reads_back(text in "[ -~]{0,40}", tail in "[;= a-z0-9\"-]{0,30}") {
        let text = format!("{text}{tail}");
        fn same<T: FromStr + fmt::Display + PartialEq + fmt::Debug>(text: &str) {
            if let Ok(read) = text.parse::<T>() {
                assert_eq!(read.to_string().parse::<T>().ok(), Some(read));
            }
        }
        same::<SessionExpires>(&text);
        same::<RAck>(&text);
        same::<Replaces>(&text);
        same::<Package>(&text);
    }
}
