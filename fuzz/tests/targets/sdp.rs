use std::net::{IpAddr, Ipv4Addr};

use confab_sdp::{Encoding, Local, Session};

#[test]
fn sdp() {
    confab_fuzz::run("corpus/sdp", target);
}

/// An offer that is answered can be answered again, and our own answer is one that we would understand.
fn target(input: &[u8]) {
    let mut answering = session(1);
    if let Ok((answer, stream)) = answering.answer(input) {
        assert!((1..=200).contains(&stream.ptime_ms), "{stream:?}");
        assert!(answering.answer(input).is_ok());
        assert!(answer.starts_with(b"v=0\r\n"));
    }
    let mut offering = session(2);
    let offer = offering.offer();
    let _ = offering.accept_answer(input);
    assert!(session(3).answer(&offer).is_ok());
    let again = offering.offer();
    assert!(again.starts_with(b"v=0\r\n"));
}

fn session(id: u64) -> Session {
    let local = Local {
        telephone_event: true,
        comfort_noise: true,
        rtcp_mux: true,
        rtcp_xr: true,
        audio_level: true,
        encodings: Encoding::ALL.to_vec(),
        ..Local::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 20_000)
    };
    Session::new(local, id)
}
