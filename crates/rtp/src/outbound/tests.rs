use super::*;

fn read(out: &[u8]) -> (bool, u16, u32, u32) {
    let packet = Packet::parse(out).unwrap();
    (packet.marker, packet.sequence, packet.timestamp, packet.ssrc)
}

#[test]
fn sequence_has_no_gap_and_time_is_media_time() {
    let mut outbound = Outbound::new(7);
    let (mut out, payload) = ([0; 172], [0xd5; 160]);
    let (ssrc, start) = (outbound.ssrc(), outbound.timestamp());
    let first = read(&outbound.header(8, 160, 160));
    assert_eq!((first.0, first.2, first.3), (true, start, ssrc));
    let steps = [(0, false), (0, false), (320, true), (0, false)];
    let (mut sequence, mut time) = (first.1, start + 160);
    for (silence, marker) in steps {
        if silence > 0 {
            outbound.silence(silence);
        }
        sequence = sequence.wrapping_add(1);
        time = time.wrapping_add(silence);
        assert_eq!(outbound.write(8, &payload, 160, &mut out), 172);
        assert_eq!(read(&out), (marker, sequence, time, ssrc));
        time = time.wrapping_add(160);
    }
    let info = outbound.sender_info(99);
    assert_eq!((info.packets, info.octets, info.rtp_timestamp), (5, 800, time));
}

#[test]
fn a_key_replaces_audio() {
    let mut outbound = Outbound::new(8);
    let mut out = [0; 172];
    outbound.write(0, &[0xff; 160], 160, &mut out);
    let start = outbound.timestamp();
    let event = EventPacket { marker: true, timestamp: start, payload: [1, 10, 0, 160] };
    for _ in 0..3 {
        assert_eq!(outbound.write_event(101, &event, 160, &mut out), 16);
        assert_eq!(read(&out[..16]).2, start);
    }
    outbound.write(0, &[0xff; 160], 160, &mut out);
    assert_eq!((read(&out).0, read(&out).2), (false, start.wrapping_add(480)));
}

#[test]
fn seeds_differ() {
    let of = |seed| (Outbound::new(seed).ssrc(), Outbound::new(seed).timestamp());
    assert_eq!(of(1), of(1));
    assert!(of(1) != of(2) && of(2) != of(3));
}
