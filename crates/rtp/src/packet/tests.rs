use proptest::prelude::*;

use super::*;

/// Flags, what follows the first twelve bytes, and the payload that is found.
type Case = (u8, &'static [u8], Result<&'static [u8], RtpError>);

#[test]
fn header_parts_are_skipped() {
    let head = [0x80, 0x80, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef];
    let with = |flags: u8, rest: &[u8]| {
        let mut datagram = head.to_vec();
        datagram[0] = flags;
        datagram.extend_from_slice(rest);
        datagram
    };
    let table: [Case; 13] = [
        (0x80, &[1, 2, 3], Ok(&[1, 2, 3])),
        (0x80, &[], Ok(&[])),
        (0x81, &[9, 9, 9, 9, 1], Ok(&[1])),
        (0x8f, &[9; 59], Err(RtpError::Truncated)),
        (0x90, &[0xbe, 0xde, 0, 1, 9, 9, 9, 9, 1], Ok(&[1])),
        (0x90, &[0xbe, 0xde, 0, 2, 9, 9, 9, 9, 1], Err(RtpError::Truncated)),
        (0x90, &[0xbe, 0xde, 0], Err(RtpError::Truncated)),
        (0xa0, &[1, 0, 0, 3], Ok(&[1])),
        (0xa0, &[1, 0, 0, 4], Ok(&[])),
        (0xa0, &[1, 0, 0, 5], Err(RtpError::Padding)),
        (0xa0, &[1, 0], Err(RtpError::Padding)),
        (0xa0, &[], Err(RtpError::Padding)),
        (0x40, &[1], Err(RtpError::Version)),
    ];
    for (flags, rest, expected) in table {
        let datagram = with(flags, rest);
        let parsed = Packet::parse(&datagram);
        assert_eq!(parsed.map(|packet| packet.payload), expected, "{flags:x} {rest:?}");
        if let Ok(packet) = parsed {
            let fields = (packet.marker, packet.payload_type, packet.sequence, packet.timestamp, packet.ssrc);
            assert_eq!(fields, (true, 0, 0x1234, 160, 0xdead_beef));
        }
    }
    assert_eq!(Packet::parse(&head[..11]), Err(RtpError::Truncated));
    let datagram = with(0x90, &[0xbe, 0xde, 0, 1, 0x10, 0x85, 0, 0, 1]);
    let level = Packet::parse(&datagram).unwrap().extension.audio_level(1);
    assert_eq!(level, Some(crate::AudioLevel { voice: true, dbov: 5 }));
}

#[test]
fn write_needs_room() {
    let packet = Packet { payload_type: 8, sequence: 1, payload: &[4; 160], ..Packet::default() };
    assert_eq!(packet.write(&mut [0; 171]), 0);
    assert_eq!(packet.write(&mut [0; 172]), 172);
}

#[test]
fn rtcp_is_told_from_rtp() {
    let table: [(&[u8], bool); 5] = [
        (&[0x80, 200], true),
        (&[0x81, 201], true),
        (&[0x80, 0x80], false),
        (&[0x00, 200], false),
        (&[0x80], false),
    ];
    for (datagram, expected) in table {
        assert_eq!(is_rtcp(datagram), expected, "{datagram:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = Packet::parse(&bytes);
    }

    #[test]
    fn what_is_written_is_read(
        marker: bool, payload_type in 0u8..128, sequence: u16, timestamp: u32, ssrc: u32,
        payload in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let packet = Packet { marker, payload_type, sequence, timestamp, ssrc, payload: &payload, ..Packet::default() };
        let mut out = [0; 200];
        let length = packet.write(&mut out);
        prop_assert_eq!(Packet::parse(&out[..length]), Ok(packet));
    }
}
