//! Tables of REGISTERs.

use std::time::{Duration, Instant};

use super::{Change, Denial, Registrar};
use crate::endpoint::RegistrarConfig;
use crate::message::{Headers, header};
use crate::transport::{Flow, Transport};

#[expect(clippy::disallowed_methods, reason = "one base; time is virtual from here on")]
fn base() -> Instant {
    Instant::now()
}

fn flow(port: u16) -> Flow {
    let (local, remote) = ("10.0.0.1:5080".parse().unwrap(), ([10, 0, 0, 2], port).into());
    Flow { transport: Transport::Udp, local, remote, connection: None }
}

fn headers(call_id: &str, cseq: u32, contacts: &[&str], expires: Option<&str>) -> Headers {
    let mut headers = Headers::new();
    headers.push(header::CALL_ID, call_id);
    headers.push(header::CSEQ, format!("{cseq} REGISTER"));
    contacts.iter().for_each(|contact| headers.push(header::CONTACT, contact));
    expires.iter().for_each(|expires| headers.push(header::EXPIRES, expires));
    headers
}

struct Bench {
    registrar: Registrar,
    now: Instant,
    cseq: u32,
}

impl Bench {
    fn new() -> Self {
        Self { registrar: Registrar::new(RegistrarConfig::default()), now: base(), cseq: 0 }
    }

    fn register(&mut self, contacts: &[&str], expires: Option<&str>) -> Result<Vec<Change>, Denial> {
        self.cseq += 1;
        let headers = headers("c", self.cseq, contacts, expires);
        self.registrar.register(self.now, "1001", 3, &headers, flow(5060))
    }

    fn contacts(&self) -> Vec<String> {
        self.registrar.bindings("1001").iter().map(|binding| binding.contact.to_string()).collect()
    }
}

#[test]
fn the_life_of_a_binding_by_table() {
    let seconds = |n| Ok(Duration::from_secs(n));
    let table: [(&str, Option<&str>, Result<Duration, Denial>); 9] = [
        ("<sip:a@10.0.0.2>", None, seconds(3600)),
        ("<sip:a@10.0.0.2>", Some("120"), seconds(120)),
        ("<sip:a@10.0.0.2>;expires=90", Some("120"), seconds(90)),
        ("<sip:a@10.0.0.2>", Some("60"), seconds(60)),
        ("<sip:a@10.0.0.2>", Some("59"), Err(Denial::TooBrief)),
        ("<sip:a@10.0.0.2>;expires=1", Some("3600"), Err(Denial::TooBrief)),
        ("<sip:a@10.0.0.2>", Some("1000000"), seconds(7200)),
        ("<sip:a@10.0.0.2>;expires=nonsense", None, seconds(3600)),
        ("<mailto:a@10.0.0.2>", None, Err(Denial::Malformed)),
    ];
    for (contact, expires, expected) in table {
        let life = Bench::new().register(&[contact], expires).map(|changes| match &changes[..] {
            [Change::Bound { expires, .. }] => *expires,
            other => panic!("{other:?}"),
        });
        assert_eq!(life, expected, "{contact} {expires:?}");
    }
}

#[test]
fn contacts_are_kept_refreshed_ordered_by_q_and_removed() {
    let mut bench = Bench::new();
    bench.register(&["<sip:a@10.0.0.2>;q=0.5", "<sip:b@10.0.0.2>"], None).unwrap();
    assert_eq!(bench.contacts(), ["sip:b@10.0.0.2", "sip:a@10.0.0.2"]);
    bench.register(&["<sip:A@10.0.0.2>"], None).unwrap();
    assert_eq!(bench.contacts().len(), 3, "the user part is case-sensitive");
    let removed = bench.register(&["<sip:a@10.0.0.2:5060>"], Some("0"));
    assert_eq!(removed, Ok(vec![]), "a port makes another URI");
    let removed = bench.register(&["<sip:a@10.0.0.2>"], Some("0"));
    assert_eq!(removed, Ok(vec![Change::Removed { contact: "sip:a@10.0.0.2".into() }]));
    assert_eq!(bench.register(&[], None), Ok(vec![]), "a query changes nothing");
    assert_eq!(bench.contacts().len(), 2);
}

#[test]
fn a_star_removes_everything_and_only_with_expires_0() {
    let mut bench = Bench::new();
    bench.register(&["<sip:a@10.0.0.2>", "<sip:b@10.0.0.2>"], None).unwrap();
    for expires in [None, Some("3600"), Some("x")] {
        assert_eq!(bench.register(&["*"], expires), Err(Denial::Malformed), "{expires:?}");
    }
    assert_eq!(bench.contacts().len(), 2);
    assert_eq!(bench.register(&["*"], Some("0")).map(|changes| changes.len()), Ok(2));
    assert_eq!(bench.contacts().len(), 0);
    assert_eq!(bench.registrar.next_expiry(), None);
}

#[test]
fn more_contacts_than_allowed_change_nothing() {
    let mut bench = Bench::new();
    bench.register(&["<sip:a@h>", "<sip:b@h>", "<sip:c@h>"], None).unwrap();
    assert_eq!(bench.register(&["<sip:d@h>"], None), Err(Denial::TooMany));
    assert_eq!(bench.register(&["<sip:a@h>"], None).map(|changes| changes.len()), Ok(1));
    assert!(bench.register(&["<sip:d@h>", "<sip:a@h>;expires=0"], None).is_ok());
    assert_eq!(bench.contacts().len(), 3);
}

#[test]
fn within_a_call_id_the_cseq_must_rise() {
    let mut bench = Bench::new();
    let now = bench.now;
    let mut register = |call_id: &str, cseq: u32| {
        let headers = headers(call_id, cseq, &["<sip:a@h>"], None);
        bench.registrar.register(now, "1001", 3, &headers, flow(5060)).is_ok()
    };
    let table = [
        ("c", 5, true),
        ("c", 5, false),
        ("c", 4, false),
        ("c", 6, true),
        ("new", 1, true),
        ("new", 1, false),
    ];
    for (call_id, cseq, accepted) in table {
        assert_eq!(register(call_id, cseq), accepted, "{call_id} {cseq}");
    }
}

#[test]
fn bindings_run_out_each_at_its_time() {
    let mut bench = Bench::new();
    bench.register(&["<sip:a@h>;expires=100", "<sip:b@h>;expires=200"], None).unwrap();
    let after = |seconds| bench.now + Duration::from_secs(seconds);
    assert_eq!(bench.registrar.next_expiry(), Some(after(100)));
    assert_eq!(bench.registrar.expire(after(99)), []);
    assert_eq!(bench.registrar.expire(after(100)), [("1001".into(), "sip:a@h".into())]);
    assert_eq!(bench.contacts(), ["sip:b@h"]);
    assert_eq!(bench.registrar.expire(after(500)), [("1001".into(), "sip:b@h".into())]);
    assert_eq!(bench.registrar.next_expiry(), None);
}

#[test]
fn a_source_is_known_as_long_as_its_binding() {
    let mut bench = Bench::new();
    let (here, there) = (flow(5060).remote, flow(5061).remote);
    bench.register(&["<sip:a@h>"], None).unwrap();
    assert!(bench.registrar.is_source(here) && bench.registrar.is_source_of(here, "1001"));
    assert!(!bench.registrar.is_source(there) && !bench.registrar.is_source_of(here, "1002"));
    bench.register(&["*"], Some("0")).unwrap();
    assert!(!bench.registrar.is_source(here));
}

#[test]
fn q_values_by_table() {
    let table = [
        ("1", Some(1000)),
        ("1.0", Some(1000)),
        ("0.5", Some(500)),
        ("0.05", Some(50)),
        ("0.001", Some(1)),
        ("0", Some(0)),
        ("0.", Some(0)),
        ("1.1", None),
        ("0.0001", None),
        ("-1", None),
        ("2", None),
        ("x", None),
    ];
    for (text, q) in table {
        assert_eq!(super::thousandths(text), q, "{text}");
    }
}
