use super::*;

#[expect(clippy::disallowed_methods, reason = "any instant serves as the zero of virtual time")]
fn zero() -> Instant {
    Instant::now()
}

const SDP: &str = "198.51.100.7:4000";

/// A latch in virtual ms.
struct Bench {
    zero: Instant,
    latch: Latch,
}

impl Bench {
    fn new(expected: Option<&str>, signalling: &str) -> Self {
        let zero = zero();
        let expected = expected.map(|address| address.parse().unwrap());
        Self { zero, latch: Latch::new(zero, expected, Some(signalling.parse().unwrap())) }
    }

    fn near() -> Self {
        Self::new(Some(SDP), "198.51.100.7")
    }

    fn behind_nat() -> Self {
        Self::new(Some("10.0.0.5:4000"), "198.51.100.7")
    }

    fn at(&self, ms: u64) -> Instant {
        self.zero + Duration::from_millis(ms)
    }

    fn judge(&mut self, ms: u64, source: &str, ssrc: u32, sequence: u16) -> Judgement {
        self.latch.judge(self.at(ms), source.parse().unwrap(), ssrc, sequence)
    }

    /// Packets of 20 ms; how many of them were heard.
    fn stream(&mut self, from_ms: u64, source: &str, ssrc: u32, count: u16) -> usize {
        let verdicts = (0..count).map(|n| self.judge(from_ms + 20 * u64::from(n), source, ssrc, 100 + n));
        verdicts.filter(|verdict| matches!(verdict, Judgement::Accept | Judgement::Restart)).count()
    }

    fn destination(&mut self, ms: u64) -> Option<String> {
        self.latch.destination(self.at(ms)).map(|address| address.to_string())
    }
}

#[test]
fn the_sdp_address_counts_at_once_and_alone() {
    let mut bench = Bench::near();
    assert_eq!(bench.judge(10, SDP, 1, 100), Judgement::Restart);
    for n in 0..4 {
        assert_eq!(bench.judge(30, SDP, 1, 101 + n), Judgement::Accept);
    }
    assert_eq!(bench.stream(40, "198.51.100.7:4002", 2, 50), 0, "another port");
    assert_eq!(bench.stream(40, "203.0.113.1:4000", 1, 50), 0, "another host");
    assert_eq!(bench.judge(1050, SDP, 1, 152), Judgement::Accept);
}

#[test]
fn a_nat_proves_itself_by_four_packets() {
    let mut bench = Bench::behind_nat();
    assert_eq!(bench.stream(0, "198.51.100.7:61000", 1, 10), 7);
    assert_eq!(bench.destination(200).as_deref(), Some("198.51.100.7:61000"));
}

#[test]
fn sequence_gaps_strange_hosts_and_late_comers_prove_nothing() {
    let mut bench = Bench::behind_nat();
    for n in 0..20 {
        let verdict = bench.judge(u64::from(n) * 20, "198.51.100.7:61000", 1, n * 2);
        assert_eq!(verdict, Judgement::Probation);
    }
    assert_eq!(bench.stream(0, "203.0.113.1:61000", 1, 50), 0);
    assert_eq!(bench.stream(5000, "198.51.100.7:61000", 1, 50), 0, "five seconds are over");
    assert_eq!(bench.judge(9000, "10.0.0.5:4000", 1, 1), Judgement::Restart, "the SDP address at any time");
}

#[test]
fn another_port_of_the_sdp_host_waits_for_the_sdp_port() {
    let mut bench = Bench::near();
    assert_eq!(bench.stream(0, "198.51.100.7:4002", 1, 20), 0);
    assert_eq!(bench.judge(400, SDP, 2, 5), Judgement::Restart);
    let mut silent = Bench::near();
    assert_eq!(silent.stream(0, "198.51.100.7:4002", 1, 50), 25, "after half a second");
    assert_eq!(silent.stream(1000, SDP, 2, 10), 7, "and the SDP port takes it back");
}

#[test]
fn a_restarted_phone_is_followed() {
    let mut bench = Bench::near();
    bench.stream(0, SDP, 1, 10);
    assert_eq!(bench.stream(200, SDP, 2, 10), 7);
    assert_eq!(bench.latch.ssrc(), Some(2));
}

#[test]
fn a_second_ssrc_beside_a_living_one_is_not() {
    let mut bench = Bench::near();
    for n in 0..100 {
        assert_ne!(bench.judge(u64::from(n) * 20, SDP, 1, n), Judgement::Probation);
        assert_eq!(bench.judge(u64::from(n) * 20 + 5, SDP, 2, n), Judgement::Probation);
    }
}

#[test]
fn a_rebound_nat_is_followed_after_two_seconds() {
    let mut bench = Bench::behind_nat();
    bench.stream(0, "198.51.100.7:61000", 1, 500);
    assert_eq!(bench.stream(10_000, "198.51.100.7:61001", 2, 300), 0, "another SSRC");
    let mut bench = Bench::behind_nat();
    bench.stream(0, "198.51.100.7:61000", 1, 500);
    let heard = bench.stream(10_000, "198.51.100.7:61001", 1, 300);
    assert!((190..=201).contains(&heard), "{heard}");
}

#[test]
fn a_reinvite_moves_the_latch() {
    let mut bench = Bench::near();
    bench.stream(0, SDP, 1, 500);
    let now = bench.at(10_000);
    bench.latch.retarget(
        now,
        Some("203.0.113.9:5000".parse().unwrap()),
        Some("198.51.100.7".parse().unwrap()),
    );
    assert_eq!(bench.judge(10_010, "203.0.113.9:5000", 3, 1), Judgement::Restart);
    assert_eq!(bench.judge(10_020, SDP, 1, 501), Judgement::Stranger);
    bench.latch.retarget(now, None, Some("198.51.100.7".parse().unwrap()));
    assert_eq!(bench.judge(10_030, "203.0.113.9:5000", 3, 2), Judgement::Accept, "hold changes nothing");
}

#[test]
fn a_third_party_gets_fifty_packets_or_one_second() {
    let mut bench = Bench::new(Some("203.0.113.1:4000"), "198.51.100.7");
    let burst = (0..200).filter(|n| bench.destination(*n).is_some()).count();
    assert_eq!(burst, 50);
    let mut slow = Bench::new(Some("203.0.113.1:4000"), "198.51.100.7");
    let sent = (0..500).filter(|n| slow.destination(n * 60).is_some()).count();
    assert_eq!(sent, 17);
    assert_eq!(slow.judge(30_000, "203.0.113.1:4000", 1, 1), Judgement::Restart);
    assert!(slow.destination(30_001).is_some(), "it answered");
    let mut near = Bench::near();
    assert!((0..1000).all(|n| near.destination(n * 20).is_some()));
    assert_eq!(Bench::new(None, "198.51.100.7").destination(0), None);
}

#[test]
fn re_invites_do_not_renew_what_a_third_party_gets() {
    let mut bench = Bench::new(Some("203.0.113.1:4000"), "198.51.100.7");
    let mut sent = 0;
    for ms in (0..60_000).step_by(20) {
        if ms % 100 == 0 {
            let (now, port) = (bench.at(ms), 4000 + ms % 200 / 50);
            let target = format!("203.0.113.1:{port}").parse().unwrap();
            bench.latch.retarget(now, Some(target), Some("198.51.100.7".parse().unwrap()));
        }
        sent += usize::from(bench.destination(ms).is_some());
    }
    assert_eq!(sent, 50);
    let elsewhere = Some("203.0.113.2:4000".parse().unwrap());
    bench.latch.retarget(bench.at(60_000), elsewhere, Some("198.51.100.7".parse().unwrap()));
    assert!(bench.destination(60_000).is_some(), "after a rest");
}

#[test]
fn signalling_that_may_be_forged_is_a_third_party() {
    let mut bench = Bench::near();
    bench.latch = Latch::new(bench.zero, Some(SDP.parse().unwrap()), None);
    assert_eq!((0..200).filter(|n| bench.destination(*n * 20).is_some()).count(), 50);
    bench.latch.retarget(bench.at(4000), Some(SDP.parse().unwrap()), Some("198.51.100.7".parse().unwrap()));
    assert!((0..200).all(|n| bench.destination(4000 + n * 20).is_some()), "proved");
}

#[test]
fn one_forged_packet_locks_nobody_out() {
    let mut bench = Bench::behind_nat();
    bench.judge(0, "10.0.0.5:4000", 66, 1);
    assert_eq!(bench.stream(20, "198.51.100.7:61000", 1, 100), 73, "after half a second");
}

#[test]
fn mapped_addresses_are_the_same() {
    let mut bench = Bench::near();
    assert_eq!(bench.judge(0, "[::ffff:198.51.100.7]:4000", 1, 1), Judgement::Restart);
}

/// 10,000 packets a second from strangers and, 200 of them, from other ports of the phone's host, while the phone starts.
#[test]
fn spray_during_set_up_latches_nobody() {
    for phone in [SDP, "198.51.100.7:61000"] {
        let mut bench = if phone == SDP { Bench::near() } else { Bench::behind_nat() };
        let (mut heard, mut sequence) = (0, 0);
        for n in 0..20_000_u32 {
            let at = u64::from(n / 10);
            let host = if n % 50 == 0 { "198.51.100.7" } else { "203.0.113.66" };
            let spray = format!("{host}:{}", 10_000 + n * 7 % 40_000);
            let verdict = bench.judge(at, &spray, n.wrapping_mul(0x9e37_79b9), n as u16);
            assert!(matches!(verdict, Judgement::Stranger | Judgement::Probation), "{spray}");
            if n % 200 == 0 && n >= 2000 {
                sequence += 1;
                heard += u16::from(matches!(
                    bench.judge(at, phone, 7, sequence),
                    Judgement::Accept | Judgement::Restart
                ));
            }
            let bled = bench.latch.source().is_some_and(|source| source.to_string() != phone);
            assert!(!bled, "{n}");
        }
        // A NAT proves itself by three packets that are not heard.
        assert_eq!(heard, if phone == SDP { sequence } else { sequence - 3 }, "{phone}");
    }
}
