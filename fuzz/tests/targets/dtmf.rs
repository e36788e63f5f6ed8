use confab_rtp::{EventReceiver, Packet};

#[test]
fn dtmf() {
    confab_fuzz::run("corpus/rtp", target);
}

/// However the event packets look, only keys come out, and no more of them than there were timestamps.
fn target(input: &[u8]) {
    let (mut receiver, mut rest, mut last, mut changes) = (EventReceiver::new(8000), input, None, 0);
    let mut digits = 0;
    while let Some((&length, more)) = rest.split_first() {
        let (datagram, after) = more.split_at((length as usize).min(more.len()));
        rest = after;
        let Ok(packet) = Packet::parse(datagram) else { continue };
        changes += usize::from(last.replace(packet.timestamp) != Some(packet.timestamp));
        if let Some(digit) = receiver.receive(packet.payload, packet.timestamp) {
            assert!("0123456789*#ABCD".contains(digit), "{digit:?}");
            digits += 1;
        }
    }
    assert!(digits <= changes, "{digits} digits of {changes} timestamps");
}
