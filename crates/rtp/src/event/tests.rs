use proptest::prelude::*;
use rand::{Rng as _, SeedableRng as _};

use super::*;

/// One event packet: code, end, duration, timestamp.
type Sent = (u8, bool, u16, u32);

fn heard(packets: &[Sent]) -> String {
    let mut receiver = EventReceiver::new(8000);
    packets.iter().filter_map(|packet| receive(&mut receiver, *packet)).collect()
}

fn receive(receiver: &mut EventReceiver, (event, end, duration, timestamp): Sent) -> Option<char> {
    let [d0, d1] = duration.to_be_bytes();
    receiver.receive(&[event, if end { 0x8a } else { 0x0a }, d0, d1], timestamp)
}

/// The packets of one key as a phone sends them.
fn key(event: u8, timestamp: u32) -> Vec<Sent> {
    let updates = (1..=5).map(|n| (event, false, n * 160, timestamp));
    updates.chain([(event, true, 960, timestamp); 3]).collect()
}

#[test]
fn keys_are_reported_once_whatever_is_lost() {
    let two = [key(5, 1000), key(5, 3000)].concat();
    let running_on =
        |start: u32| (0..8).zip(key(5, start)).map(|(n, (e, end, d, t))| (e, end, d, t + 160 * n));
    let table = [
        ("whole", two.clone(), "55"),
        ("starts lost", [&key(5, 1000)[5..], &key(5, 3000)[7..]].concat(), "55"),
        ("ends lost", [&key(5, 1000)[..5], &key(5, 3000)[..1]].concat(), "55"),
        ("duplicated", two.iter().flat_map(|packet| [*packet; 3]).collect(), "55"),
        ("reordered", two.iter().rev().copied().collect::<Vec<_>>(), "5"),
        ("late end behind the next key", [two.clone(), key(5, 1000)[5..].to_vec()].concat(), "55"),
        ("other keys", [key(11, 0), key(0, 2000), key(15, 4000)].concat(), "#0D"),
        ("wrapping clock", [key(1, u32::MAX - 100), key(2, 1900)].concat(), "12"),
        ("timestamps run on while a key is down", running_on(0).chain(running_on(2400)).collect(), "55"),
        ("as fast as keys may come", [key(5, 0)[..2].to_vec(), key(5, 640)[..2].to_vec()].concat(), "55"),
        ("no key", key(16, 0), ""),
        ("nothing pressed", vec![(1, true, 0, 0)], ""),
        ("down for ages, unheard", vec![(1, false, 50_000, 0)], ""),
        ("clock began anew", [key(1, 500_000), key(2, 100)].concat(), "12"),
    ];
    for (name, packets, expected) in table {
        assert_eq!(heard(&packets), expected, "{name}");
    }
}

#[test]
fn a_long_key_in_segments_is_one() {
    let first = (1..=409).map(|n| (7, false, n * 160, 1000));
    let second = (1..=20).map(|n| (7, n > 17, n * 160, 1000 + 0xffff));
    let packets: Vec<Sent> = first.chain([(7, false, 0xffff, 1000)]).chain(second).collect();
    assert_eq!(heard(&packets), "7");
}

/// At 48 kHz a duration holds 1.36 s only.
#[test]
fn a_key_is_one_at_any_clock_however_long() {
    for (clock_rate, packet) in [(8000, 160_u16), (16_000, 320), (48_000, 960)] {
        for ms in [60, 1300, 1400, 3000, 9000] {
            let (mut sender, mut receiver) = (EventSender::new(), EventReceiver::new(clock_rate));
            let mut told = String::new();
            for start in [0, 20 * clock_rate, 40 * clock_rate] {
                assert!(sender.press('7', ms * clock_rate / 1000, start));
                let mut clock = start;
                while let Some(event) = sender.next(packet) {
                    let behind = clock.wrapping_sub(event.timestamp);
                    assert!(event.payload[1] & 0x80 != 0 || behind <= SEGMENT, "{clock_rate} {ms}");
                    assert_eq!(event.marker, clock == start);
                    // Every fourth is lost.
                    if clock / u32::from(packet) % 4 != 1 {
                        told.extend(receiver.receive(&event.payload, event.timestamp));
                    }
                    clock += u32::from(packet);
                }
                assert!((clock - start) * 1000 / clock_rate >= ms + 20);
            }
            assert_eq!(told, "777", "{clock_rate} {ms}");
        }
    }
}

#[test]
fn segments_that_end_before_their_time_are_one_key() {
    // Senders cut where a packet ends, not at 65535.
    let first = (1..=68).map(|n| (7, false, n * 960, 1000));
    let second = (1..=20).map(|n| (7, n > 17, n * 960, 1000 + 68 * 960));
    let mut receiver = EventReceiver::new(48_000);
    let told: String = first.chain(second).filter_map(|packet| receive(&mut receiver, packet)).collect();
    assert_eq!(told, "7");
}

#[test]
fn sent_keys_have_marker_updates_and_three_ends() {
    let mut sender = EventSender::new();
    assert!(!sender.press('x', 800, 0) && !sender.is_active());
    assert!(sender.press('#', 800, 77) && !sender.press('1', 800, 77));
    let packets: Vec<EventPacket> = std::iter::from_fn(|| sender.next(160)).collect();
    let told: Vec<(bool, bool, u16)> = packets
        .iter()
        .map(|packet| {
            let [event, flags, d0, d1] = packet.payload;
            assert_eq!((event, flags & 0x3f, packet.timestamp), (11, 10, 77));
            (packet.marker, flags & 0x80 != 0, u16::from_be_bytes([d0, d1]))
        })
        .collect();
    let expected = [
        (true, false, 160),
        (false, false, 320),
        (false, false, 480),
        (false, false, 640),
        (false, true, 800),
        (false, true, 800),
        (false, true, 800),
    ];
    assert_eq!(told, expected);
    assert!(!sender.is_active() && sender.press('1', 800, 2000));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        packets in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..8), any::<u32>()), 0..50),
    ) {
        let mut receiver = EventReceiver::new(8000);
        for (payload, timestamp) in packets {
            receiver.receive(&payload, timestamp);
        }
    }

    #[test]
    fn keys_are_heard_once_over_any_line(
        keys in "[0-9*#A-D]{1,10}", seed: u64, fast: bool, loss in 0.0..0.5_f64,
    ) {
        let mut random = rand::rngs::StdRng::seed_from_u64(seed);
        let (clock_rate, packet) = if fast { (48_000, 960_u16) } else { (8000, 160) };
        let (mut sender, mut sent) = (EventSender::new(), Vec::new());
        for (number, digit) in (0_u32..).zip(keys.chars()) {
            sender.press(digit, clock_rate / 10, number * clock_rate / 2);
            let packets: Vec<EventPacket> = std::iter::from_fn(|| sender.next(packet)).collect();
            let kept = random.random_range(0..packets.len());
            for (place, packet) in packets.into_iter().enumerate() {
                if place == kept || !random.random_bool(loss) {
                    // Jitter of 60 ms reorders packets of 20 ms, but keys are 500 ms apart.
                    sent.push((500 * u64::from(number) + 20 * place as u64 + random.random_range(0..60), packet));
                }
            }
        }
        sent.sort_by_key(|(arrival, _)| *arrival);
        let mut receiver = EventReceiver::new(clock_rate);
        let told = |(_, packet): (u64, EventPacket)| receiver.receive(&packet.payload, packet.timestamp);
        let heard: String = sent.into_iter().filter_map(told).collect();
        prop_assert_eq!(heard, keys);
    }

    #[test]
    fn sent_keys_are_heard(keys in "[0-9*#A-D]{1,20}", lost in 0usize..7) {
        let (mut sender, mut receiver, mut clock) = (EventSender::new(), EventReceiver::new(8000), 0);
        let mut heard = String::new();
        for digit in keys.chars() {
            sender.press(digit, 800, clock);
            for packet in std::iter::from_fn(|| sender.next(160)).skip(lost) {
                heard.extend(receiver.receive(&packet.payload, packet.timestamp));
            }
            clock += 2000;
        }
        prop_assert_eq!(heard, keys);
    }
}
