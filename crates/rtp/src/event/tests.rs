use proptest::prelude::*;

use super::*;

/// One event packet: code, end, duration, timestamp.
type Sent = (u8, bool, u16, u32);

fn heard(packets: &[Sent]) -> String {
    let mut receiver = EventReceiver::new();
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
        let mut receiver = EventReceiver::new();
        for (payload, timestamp) in packets {
            receiver.receive(&payload, timestamp);
        }
    }

    #[test]
    fn sent_keys_are_heard(keys in "[0-9*#A-D]{1,20}", lost in 0usize..7) {
        let (mut sender, mut receiver, mut clock) = (EventSender::new(), EventReceiver::new(), 0);
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
