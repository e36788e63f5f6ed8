use proptest::prelude::*;

use super::*;
use crate::opus::OpusParameters;
use crate::stream::Preference;

fn local() -> Local {
    Local {
        comfort_noise: true,
        rtcp_mux: true,
        rtcp_xr: true,
        audio_level: true,
        ..Local::new("192.0.2.1".parse().unwrap(), 20_000)
    }
}

fn session() -> Session {
    Session::new(local(), 4711)
}

/// A description of `head` (session level) and `media` lines, joined by `|`.
fn sdp(lines: &str) -> Vec<u8> {
    let mut body = String::from("v=0\r\no=x 1 1 IN IP4 198.51.100.7\r\ns=-\r\n");
    for line in lines.split('|') {
        body.push_str(line);
        body.push_str("\r\n");
    }
    body.into_bytes()
}

fn audio(media: &str) -> Vec<u8> {
    sdp(&format!("c=IN IP4 198.51.100.7|t=0 0|{media}"))
}

fn answered(offer: &[u8]) -> (String, Stream) {
    let (body, stream) = session().answer(offer).unwrap();
    (String::from_utf8(body.to_vec()).unwrap(), stream)
}

fn refused(offer: &[u8]) -> SdpError {
    session().answer(offer).unwrap_err()
}

fn version(body: &[u8]) -> u64 {
    let text = str::from_utf8(body).unwrap();
    let origin = text.lines().find(|line| line.starts_with("o=")).unwrap();
    origin.split(' ').nth(2).unwrap().parse().unwrap()
}

#[test]
fn answer_is_complete_and_in_order() {
    let offer = audio(
        "m=video 4000 RTP/AVP 31|m=audio 4002 RTP/AVP 9 8 0 101 13|a=rtpmap:101 telephone-event/8000|\
         a=fmtp:101 0-16|a=ptime:30|m=audio 4004 RTP/SAVP 0|m=image 4006 udptl t38",
    );
    let (body, stream) = answered(&offer);
    let expected = "v=0\r\no=- 4711 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
        m=video 0 RTP/AVP 31\r\nm=audio 20000 RTP/AVP 8 13 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:13 CN/8000\r\n\
        a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:30\r\na=maxptime:60\r\na=sendrecv\r\n\
        m=audio 0 RTP/SAVP 0\r\nm=image 0 udptl t38\r\n";
    assert_eq!(body, expected);
    assert_eq!(stream.remote, Some("198.51.100.7:4002".parse().unwrap()));
    assert_eq!(stream.remote_rtcp, Some("198.51.100.7:4003".parse().unwrap()));
    assert_eq!((stream.encoding, stream.ptime_ms), (Encoding::Pcma, 30));
}

#[test]
fn codecs_and_payload_types() {
    let table = [
        ("m=audio 4000 RTP/AVP 0", Some((Encoding::Pcmu, 0))),
        ("m=audio 4000 RTP/AVP 8 0", Some((Encoding::Pcma, 8))),
        ("m=audio 4000 RTP/AVP 18 0", Some((Encoding::Pcmu, 0))),
        ("m=audio 4000 RTP/AVP 97|a=rtpmap:97 pcma/8000/1", Some((Encoding::Pcma, 97))),
        ("m=audio 4000 RTP/AVPF 0", Some((Encoding::Pcmu, 0))),
        ("m=audio 4000 RTP/AVP 999 -1 128 x 0", Some((Encoding::Pcmu, 0))),
        ("m=audio 4000 RTP/AVP 0|a=rtpmap:0 PCMU/0", Some((Encoding::Pcmu, 0))),
        ("m=audio 4000 RTP/AVP 0|a=rtpmap:0 PCMU/16000", None),
        ("m=audio 4000 RTP/AVP 97", None),
        ("m=audio 4000 RTP/AVP 97|a=rtpmap:97 opus/48000/2", None),
        ("m=audio 4000 RTP/AVP 101|a=rtpmap:101 telephone-event/8000", None),
    ];
    for (media, expected) in table {
        let result = session().answer(&audio(media)).map(|(_, stream)| stream);
        match expected {
            Some((encoding, number)) => {
                let stream = result.unwrap();
                assert_eq!((stream.encoding, stream.send_payload_type), (encoding, number), "{media}");
                assert_eq!(stream.receive_payload_type, number, "{media}");
            }
            None => assert!(matches!(result, Err(SdpError::NoCommonCodec { .. })), "{media}"),
        }
    }
}

#[test]
fn packet_times() {
    let table = [
        ("a=ptime:10", 10),
        ("a=ptime:60", 60),
        ("a=ptime:25", 20),
        ("a=ptime:5", 10),
        ("a=ptime:120", 60),
        ("a=ptime:0", 20),
        ("a=ptime:10000000000", 20),
        ("a=ptime:-20", 20),
        ("a=ptime:20.0", 20),
        ("a=ptime:40|a=maxptime:30", 30),
        ("a=maxptime:10", 10),
        ("a=maxptime:0", 20),
    ];
    for (attributes, expected) in table {
        let (_, stream) = answered(&audio(&format!("m=audio 4000 RTP/AVP 0|{attributes}")));
        assert_eq!(stream.ptime_ms, expected, "{attributes}");
    }
}

#[test]
fn directions_are_mirrored_and_hold_is_seen() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    let table = [
        ("c=IN IP4 198.51.100.7|m=audio 4000 RTP/AVP 0", SendRecv, false),
        ("c=IN IP4 198.51.100.7|m=audio 4000 RTP/AVP 0|a=sendonly", RecvOnly, true),
        ("c=IN IP4 198.51.100.7|m=audio 4000 RTP/AVP 0|a=recvonly", SendOnly, false),
        ("c=IN IP4 198.51.100.7|m=audio 4000 RTP/AVP 0|a=inactive", Inactive, true),
        ("c=IN IP4 198.51.100.7|a=inactive|m=audio 4000 RTP/AVP 0", Inactive, true),
        ("c=IN IP4 198.51.100.7|a=inactive|m=audio 4000 RTP/AVP 0|a=sendrecv", SendRecv, false),
        ("c=IN IP4 0.0.0.0|m=audio 4000 RTP/AVP 0", RecvOnly, true),
        ("c=IN IP4 0.0.0.0|m=audio 4000 RTP/AVP 0|a=inactive", Inactive, true),
        ("c=IN IP4 0.0.0.0|m=audio 4000 RTP/AVP 0|c=IN IP4 198.51.100.7", SendRecv, false),
    ];
    for (lines, direction, held) in table {
        let (body, stream) = answered(&sdp(lines));
        assert_eq!((stream.direction, stream.on_hold()), (direction, held), "{lines}");
        assert!(body.contains(&format!("a={}\r\n", direction.name())), "{lines}");
    }
}

#[test]
fn refused_descriptions() {
    let table = [
        ("c=IN IP4 224.0.0.1/127|m=audio 4000 RTP/AVP 0", 488, 301),
        ("c=IN IP4 255.255.255.255|m=audio 4000 RTP/AVP 0", 488, 301),
        ("c=IN IP4 0.1.2.3|m=audio 4000 RTP/AVP 0", 488, 301),
        ("c=IN IP6 ff02::1|m=audio 4000 RTP/AVP 0", 488, 301),
        ("c=IN IP6 2001:db8::1|m=audio 4000 RTP/AVP 0", 488, 301),
        ("c=IN IP4 198.51.100.7|m=audio 53 RTP/AVP 0", 488, 301),
        ("c=IN IP4 host.example|m=audio 4000 RTP/AVP 0", 488, 301),
        ("m=audio 4000 RTP/AVP 0", 488, 301),
        ("c=IN IP4 198.51.100.7|m=audio 0 RTP/AVP 0", 488, 304),
        ("c=IN IP4 198.51.100.7|m=video 4000 RTP/AVP 31", 488, 304),
        ("c=IN IP4 198.51.100.7", 488, 304),
        ("c=IN IP4 198.51.100.7|m=audio 4000 RTP/SAVP 0", 488, 304),
        ("c=IN IP4 198.51.100.7|m=audio 4000 RTP/AVP 18", 488, 305),
        ("c=IN IP4 198.51.100.7|m=audio 70000 RTP/AVP 0", 400, 399),
        ("c=IN IP4 198.51.100.7|m=audio", 400, 399),
    ];
    for (lines, status, code) in table {
        let error = refused(&sdp(lines));
        assert_eq!((error.status(), error.warning().0), (status, code), "{lines}: {error}");
    }
    for body in [&b""[..], b"hello", b"v=1\r\n", b"\0\0\0", b"m=audio 4000 RTP/AVP 0\r\n"] {
        assert_eq!(refused(body).status(), 400);
    }
}

#[test]
fn bombs_are_bounded() {
    let streams = audio(&vec!["m=audio 4000 RTP/AVP 0"; 500].join("|"));
    assert_eq!(refused(&streams), SdpError::TooManyStreams);
    let formats = audio(&format!("m=audio 4000 RTP/AVP{}", " 99".repeat(10_000)));
    assert!(refused(&formats).warning().1.len() < 200);
    let maps = audio(&format!("m=audio 4000 RTP/AVP 0{}", "|a=rtpmap:999 X/0".repeat(3000)));
    assert_eq!(answered(&maps).1.encoding, Encoding::Pcmu);
}

#[test]
fn the_peers_text_does_not_leave_its_quotes() {
    let offers = [audio("m=audio 4000 RTP/AVP \u{202e}\x1b[31m\"18\\"), b"v=\x07\"\\\x1b\r\n".to_vec()];
    for offer in offers {
        let (_, text) = refused(&offer).warning();
        assert!(text.chars().all(|c| matches!(c, ' '..='~') && c != '"' && c != '\\'), "{text:?}");
    }
}

#[test]
fn slips_in_other_lines_do_no_harm() {
    let mut offer =
        b"v=0\no=me\ns=Caf\xe9\nb=AS:many\nt=now\nz=\nk=\nnonsense\nc=IN IP4 198.51.100.7\n".to_vec();
    offer.extend_from_slice(
        b"c=IN IP4 203.0.113.1\nm=audio 4000 RTP/AVP 0 \na=\xff\na=rtpmap\na=fmtp:\nb=x\n",
    );
    let (_, stream) = answered(&offer);
    assert_eq!(stream.remote, Some("198.51.100.7:4000".parse().unwrap()));
}

#[test]
fn rtcp_port_address_and_mux() {
    let table = [
        ("a=rtcp:5001", "198.51.100.7:5001", false),
        ("a=rtcp:5001 IN IP4 203.0.113.9", "203.0.113.9:5001", false),
        ("a=rtcp:5001 IN IP4 224.0.0.1", "198.51.100.7:4001", false),
        ("a=rtcp:80", "198.51.100.7:4001", false),
        ("a=rtcp:99999", "198.51.100.7:4001", false),
        ("a=rtcp:5001|a=rtcp-mux", "198.51.100.7:4000", true),
    ];
    for (attributes, rtcp, mux) in table {
        let (body, stream) = answered(&audio(&format!("m=audio 4000 RTP/AVP 0|{attributes}")));
        assert_eq!(stream.remote_rtcp, Some(rtcp.parse().unwrap()), "{attributes}");
        assert_eq!((stream.rtcp_mux, body.contains("a=rtcp-mux")), (mux, mux), "{attributes}");
    }
}

#[test]
fn ipv6_leg() {
    let mut session = Session::new(Local { addresses: vec!["2001:db8::1".parse().unwrap()], ..local() }, 1);
    let (body, stream) = session.answer(&sdp("c=IN IP6 2001:db8::2|m=audio 4000 RTP/AVP 0")).unwrap();
    assert!(str::from_utf8(&body).unwrap().contains("c=IN IP6 2001:db8::1\r\n"));
    assert_eq!(stream.remote, Some("[2001:db8::2]:4000".parse().unwrap()));
    let (_, held) = session.answer(&sdp("c=IN IP6 ::|m=audio 4000 RTP/AVP 0")).unwrap();
    assert!(held.on_hold());
}

#[test]
fn with_both_families_the_peers_decides() {
    let addresses = vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
    let mut session = Session::new(Local { addresses, ..local() }, 1);
    for (peer, ours) in
        [("IP6 2001:db8::2", "c=IN IP6 2001:db8::1\r\n"), ("IP4 192.0.2.9", "c=IN IP4 192.0.2.1\r\n")]
    {
        let (body, _) = session.answer(&sdp(&format!("c=IN {peer}|m=audio 4000 RTP/AVP 0"))).unwrap();
        assert!(str::from_utf8(&body).unwrap().contains(ours), "{peer}");
    }
}

#[test]
fn version_rises_only_with_a_change() {
    let mut session = session();
    let plain = audio("m=audio 4000 RTP/AVP 0");
    let held = audio("m=audio 4000 RTP/AVP 0|a=sendonly");
    let versions: Vec<u64> =
        [&plain, &plain, &held, &held, &plain].map(|offer| version(&session.answer(offer).unwrap().0)).into();
    assert_eq!(versions, [1, 1, 2, 2, 3]);
}

#[test]
fn refused_reoffer_changes_nothing() {
    let mut session = session();
    let (_, before) = session.answer(&audio("m=audio 4000 RTP/AVP 0")).unwrap();
    assert!(session.answer(&audio("m=audio 4000 RTP/AVP 18")).is_err());
    assert_eq!(session.stream(), Some(&before));
}

#[test]
fn reoffer_may_change_codec_address_and_switch_the_stream_off() {
    let mut session = session();
    session.answer(&audio("m=audio 4000 RTP/AVP 0")).unwrap();
    let (_, moved) = session.answer(&sdp("c=IN IP4 203.0.113.5|m=audio 4100 RTP/AVP 8")).unwrap();
    assert_eq!((moved.encoding, moved.remote), (Encoding::Pcma, Some("203.0.113.5:4100".parse().unwrap())));
    let (body, off) = session.answer(&audio("m=audio 0 RTP/AVP 8")).unwrap();
    assert!(off.on_hold() && str::from_utf8(&body).unwrap().contains("m=audio 0 RTP/AVP 8"));
    let (_, again) = session.answer(&audio("m=audio 4000 RTP/AVP 8")).unwrap();
    assert!(!again.on_hold());
}

#[test]
fn our_offer_and_its_answer() {
    let mut session = session();
    let offer = String::from_utf8(session.offer().to_vec()).unwrap();
    assert!(offer.contains("m=audio 20000 RTP/AVP 0 8 13 101\r\n"), "{offer}");
    let answer = audio("m=audio 4000 RTP/AVP 8 96|a=rtpmap:96 telephone-event/8000|a=ptime:40");
    let stream = session.accept_answer(&answer).unwrap();
    assert_eq!(
        stream.events,
        Some(Events { send_payload_type: 96, receive_payload_type: 101, clock_rate: 8000 })
    );
    assert_eq!((stream.encoding, stream.comfort_noise, stream.ptime_ms), (Encoding::Pcma, None, 40));
    assert!(!stream.rtcp_mux);
    assert_eq!(session.accept_answer(&answer), Err(SdpError::NoOffer));
}

#[test]
fn answers_that_refuse() {
    let table =
        [("m=audio 0 RTP/AVP 0", 304), ("m=audio 4000 RTP/AVP 18", 305), ("m=audio 22 RTP/AVP 0", 301)];
    for (media, code) in table {
        let mut session = session();
        session.offer();
        assert_eq!(session.accept_answer(&audio(media)).unwrap_err().warning().0, code, "{media}");
    }
}

#[test]
fn our_reoffer_keeps_lines_and_payload_types() {
    let mut session = session();
    let offer = "m=video 4000 RTP/AVP 31|m=audio 4002 RTP/AVP 97 98|a=rtpmap:97 PCMA/8000|\
                 a=rtpmap:98 telephone-event/8000";
    let (first, _) = session.answer(&audio(offer)).unwrap();
    session.set_direction(Direction::SendOnly);
    let again = session.offer();
    let text = str::from_utf8(&again).unwrap();
    assert!(text.contains("m=video 0 RTP/AVP 31\r\nm=audio 20000 RTP/AVP 97 0 13 98\r\n"), "{text}");
    assert!(text.contains("a=sendonly") && version(&again) == version(&first) + 1);
    let answer = "m=video 0 RTP/AVP 31|m=audio 4002 RTP/AVP 97|a=rtpmap:97 PCMA/8000|a=recvonly";
    let stream = session.accept_answer(&audio(answer)).unwrap();
    assert_eq!((stream.direction, stream.on_hold()), (Direction::SendOnly, false));
}

#[test]
fn two_of_us_agree() {
    let mut caller = session();
    let mut callee = Session::new(Local { addresses: vec!["192.0.2.2".parse().unwrap()], ..local() }, 1);
    let (answer, theirs) = callee.answer(&caller.offer()).unwrap();
    let ours = caller.accept_answer(&answer).unwrap();
    assert_eq!((ours.encoding, ours.events, ours.rtcp_mux), (theirs.encoding, theirs.events, true));
    assert_eq!(ours.remote, Some("192.0.2.2:20000".parse().unwrap()));
}

fn wideband(useful_rate: u32) -> Local {
    Local {
        encodings: Encoding::ALL.to_vec(),
        opus: OpusParameters { in_band_fec: true, max_playback_rate: Some(16_000), ..Default::default() },
        useful_rate,
        ..local()
    }
}

/// What a softphone offers.
const SOFTPHONE: &str = "m=audio 4000 RTP/AVP 0 9 107 96 101 13|a=rtpmap:107 opus/48000/2|\
    a=fmtp:107 maxplaybackrate=24000;stereo=1; UseInbandFec=1;usedtx=1;maxaveragebitrate=32000;minptime=40;cbr=0|\
    a=rtpmap:96 telephone-event/48000|a=rtpmap:101 telephone-event/8000|a=ptime:30|a=rtcp-xr:rcvr-rtt=all voip-metrics|\
    a=extmap:3/sendonly urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on";

#[test]
fn opus_is_answered_with_all_that_belongs_to_it() {
    let mut session = Session::new(wideband(48_000), 1);
    let (body, stream) = session.answer(&audio(SOFTPHONE)).unwrap();
    let body = str::from_utf8(&body).unwrap();
    let expected = "m=audio 20000 RTP/AVP 107 96\r\na=rtpmap:107 opus/48000/2\r\n\
        a=fmtp:107 maxplaybackrate=16000;useinbandfec=1\r\na=rtpmap:96 telephone-event/48000\r\n\
        a=fmtp:96 0-15\r\na=ptime:40\r\na=maxptime:60\r\na=sendrecv\r\na=rtcp-xr:voip-metrics\r\n\
        a=extmap:3/recvonly urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n";
    assert!(body.ends_with(expected), "{body}");
    assert_eq!((stream.encoding, stream.send_payload_type, stream.ptime_ms), (Encoding::Opus, 107, 40));
    let wanted = OpusParameters {
        max_playback_rate: Some(24_000),
        max_average_bitrate: Some(32_000),
        stereo: true,
        in_band_fec: true,
        dtx: true,
        cbr: false,
        min_ptime_ms: Some(40),
    };
    assert_eq!(stream.opus, wanted);
    assert_eq!(stream.events.unwrap().clock_rate, 48_000);
    assert_eq!((stream.comfort_noise, stream.rtcp_xr, stream.audio_level), (None, true, Some(3)));
}

#[test]
fn linear_audio_beyond_the_useful_rate_is_taken_but_offered_last() {
    let mut session = Session::new(wideband(8000), 1);
    let offer = session.offer();
    let place = |name| str::from_utf8(&offer).unwrap().find(name).unwrap();
    assert!(
        ["opus/48000", "G722/8000", "PCMA/8000", "L16/8000"]
            .into_iter()
            .all(|of_use| place(of_use) < place("L16/16000"))
    );
    let mut session = Session::new(wideband(8000), 1);
    let (_, stream) = session.answer(&audio("m=audio 4000 RTP/AVP 96|a=rtpmap:96 L16/48000")).unwrap();
    assert_eq!(stream.encoding, Encoding::L16 { rate: 48_000 });
}

#[test]
fn g722_keeps_its_clock_and_its_events() {
    let mut session = Session::new(wideband(16_000), 1);
    let (body, stream) = session.answer(&audio(SOFTPHONE)).unwrap();
    assert!(
        str::from_utf8(&body).unwrap().contains("m=audio 20000 RTP/AVP 9 13 101\r\na=rtpmap:9 G722/8000\r\n")
    );
    assert_eq!((stream.encoding, stream.comfort_noise), (Encoding::G722, Some(13)));
    assert_eq!(stream.events.unwrap().clock_rate, 8000);
    assert_eq!(stream.ptime_ms, 30);
}

#[test]
fn width_first_then_the_peers_order_or_else_ours() {
    let own =
        [Encoding::Pcmu, Encoding::Opus, Encoding::G722, Encoding::L16 { rate: 16_000 }, Encoding::Pcma];
    let pick = |useful_rate, preference, offer: &str| {
        let local = Local { encodings: own.to_vec(), preference, ..wideband(useful_rate) };
        Session::new(local, 1).answer(&audio(offer)).unwrap().1.encoding
    };
    let all = "m=audio 4000 RTP/AVP 8 9 96 97 0|a=rtpmap:96 L16/16000|a=rtpmap:97 opus/48000/2";
    for (rate, peer) in [(8000, Encoding::Pcma), (16_000, Encoding::G722), (48_000, Encoding::Opus)] {
        assert_eq!(pick(rate, Preference::Peer, all), peer, "{rate}");
        assert_eq!(pick(rate, Preference::Own, all), Encoding::Pcmu, "{rate}");
    }
    assert_eq!(pick(24_000, Preference::Own, "m=audio 4000 RTP/AVP 8 9"), Encoding::G722);
    assert_eq!(pick(24_000, Preference::Peer, "m=audio 4000 RTP/AVP 8 0"), Encoding::Pcma);
}

#[test]
fn what_a_name_rate_and_channels_stand_for() {
    let table = [
        ("opus/48000/2", Some(Encoding::Opus)),
        ("OPUS/48000", Some(Encoding::Opus)),
        ("opus/16000/2", None),
        ("G722/8000", Some(Encoding::G722)),
        ("G722/16000/1", Some(Encoding::G722)),
        ("G722/48000", None),
        ("L16/8000", Some(Encoding::L16 { rate: 8000 })),
        ("L16/16000/1", Some(Encoding::L16 { rate: 16_000 })),
        ("L16/48000", Some(Encoding::L16 { rate: 48_000 })),
        ("L16/16000/2", None),
        ("L16/44100", None),
        ("PCMU/8000/2", None),
        ("G7221/16000", None),
    ];
    for (map, expected) in table {
        let offer = audio(&format!("m=audio 4000 RTP/AVP 99|a=rtpmap:99 {map}"));
        let answered =
            Session::new(wideband(48_000), 1).answer(&offer).ok().map(|(_, stream)| stream.encoding);
        assert_eq!(answered, expected, "{map}");
    }
    for number in [9, 10, 11] {
        let offer = audio(&format!("m=audio 4000 RTP/AVP {number}"));
        assert_eq!(Session::new(wideband(48_000), 1).answer(&offer).is_ok(), number == 9, "{number}");
    }
}

#[test]
fn packets_of_opus_have_a_length_that_it_can_have() {
    for (attributes, expected) in [
        ("", 20),
        ("|a=ptime:10", 10),
        ("|a=ptime:30", 20),
        ("|a=ptime:50", 40),
        ("|a=ptime:60", 60),
        ("|a=ptime:10|a=fmtp:96 minptime=60", 60),
        ("|a=maxptime:10|a=fmtp:96 minptime=60", 10),
        ("|a=fmtp:96 minptime=3", 20),
        ("|a=fmtp:96 minptime=999", 20),
    ] {
        let offer = audio(&format!("m=audio 4000 RTP/AVP 96|a=rtpmap:96 opus/48000/2{attributes}"));
        let (_, stream) = Session::new(wideband(48_000), 1).answer(&offer).unwrap();
        assert_eq!(stream.ptime_ms, expected, "{attributes}");
    }
}

#[test]
fn telephone_events_of_another_clock_are_better_than_none() {
    let offer =
        audio("m=audio 4000 RTP/AVP 96 101|a=rtpmap:96 opus/48000/2|a=rtpmap:101 telephone-event/8000");
    let (_, stream) = Session::new(wideband(48_000), 1).answer(&offer).unwrap();
    let expected = Events { send_payload_type: 101, receive_payload_type: 101, clock_rate: 8000 };
    assert_eq!(stream.events, Some(expected));
}

#[test]
fn only_levels_that_the_peer_sends_are_asked_for() {
    for (extmap, expected) in [
        ("1 urn:ietf:params:rtp-hdrext:ssrc-audio-level", Some(1)),
        ("14/sendrecv urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on", Some(14)),
        ("1/recvonly urn:ietf:params:rtp-hdrext:ssrc-audio-level", None),
        ("1/inactive urn:ietf:params:rtp-hdrext:ssrc-audio-level", None),
        ("15 urn:ietf:params:rtp-hdrext:ssrc-audio-level", None),
        ("0 urn:ietf:params:rtp-hdrext:ssrc-audio-level", None),
        ("1 urn:ietf:params:rtp-hdrext:toffset", None),
        ("urn:ietf:params:rtp-hdrext:ssrc-audio-level", None),
    ] {
        let (body, stream) = answered(&audio(&format!("m=audio 4000 RTP/AVP 0|a=extmap:{extmap}")));
        assert_eq!(
            (stream.audio_level, body.contains("a=extmap:")),
            (expected, expected.is_some()),
            "{extmap}"
        );
    }
}

#[test]
fn an_offer_of_everything_and_an_answer_with_several() {
    let mut session = Session::new(wideband(48_000), 1);
    let offer = String::from_utf8(session.offer().to_vec()).unwrap();
    assert!(offer.contains("m=audio 20000 RTP/AVP 111 114 9 113 0 8 112 13 110 101 115\r\n"), "{offer}");
    for line in
        ["a=rtpmap:110 telephone-event/48000", "a=rtpmap:115 telephone-event/16000", "a=rtpmap:114 L16/48000"]
    {
        assert!(offer.contains(line), "{line}\n{offer}");
    }
    let answer =
        "m=audio 4000 RTP/AVP 9 111 0 101|a=rtpmap:111 opus/48000/2|a=rtpmap:101 telephone-event/8000";
    let stream = session.accept_answer(&audio(answer)).unwrap();
    assert_eq!(
        (stream.encoding, stream.is_ambiguous),
        (Encoding::G722, true),
        "its first, though not its widest"
    );
    let chosen = session.offer_the_chosen();
    assert!(str::from_utf8(&chosen).unwrap().contains("RTP/AVP 9 13 101\r\n"));
    let stream =
        session.accept_answer(&audio("m=audio 4000 RTP/AVP 9 101|a=rtpmap:101 telephone-event/8000"));
    assert!(!stream.unwrap().is_ambiguous && !session.awaits_answer());
}

#[test]
fn our_numbers_keep_clear_of_those_in_use() {
    let mut session = Session::new(wideband(48_000), 1);
    let offer = "m=audio 4000 RTP/AVP 111 114|a=rtpmap:111 PCMA/8000|a=rtpmap:114 telephone-event/8000";
    session.answer(&audio(offer)).unwrap();
    let again = session.offer();
    let text = str::from_utf8(&again).unwrap();
    let numbers = text.lines().find_map(|line| line.strip_prefix("m=audio 20000 RTP/AVP ")).unwrap();
    let mut numbers: Vec<&str> = numbers.split(' ').collect();
    assert_eq!(numbers[0], "111", "{text}");
    assert!(text.contains("a=rtpmap:114 telephone-event/8000"), "{text}");
    let count = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), count, "{text}");
}

#[test]
fn what_we_have_is_named_where_nothing_is_shared() {
    let (code, text) = refused(&audio("m=audio 4000 RTP/AVP 18 3")).warning();
    assert_eq!(
        (code, text.as_str()),
        (305, "no common codec: offered 18 3, known here: PCMU/8000, PCMA/8000")
    );
}

fn encodings() -> impl Strategy<Value = Vec<Encoding>> {
    proptest::sample::subsequence(Encoding::ALL.to_vec(), 1..=Encoding::ALL.len()).prop_shuffle()
}

/// Lines that mean something, in any order and number, with numbers of any size.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        (any::<u32>(), ".{0,12}").prop_map(|(port, formats)| format!("m=audio {port} RTP/AVP {formats}")),
        (0u16..300, any::<u64>()).prop_map(|(number, rate)| format!("a=rtpmap:{number} PCMU/{rate}")),
        (90u8..=127, encodings()).prop_map(|(number, of)| format!("a=rtpmap:{number} {}", of[0])),
        (90u8..=127, "[a-z]{0,16}", any::<u32>())
            .prop_map(|(number, name, value)| format!("a=fmtp:{number} {name}={value};minptime={value}")),
        (any::<u8>(), "[a-z]{0,8}")
            .prop_map(|(id, way)| format!("a=extmap:{id}/{way} urn:ietf:params:rtp-hdrext:ssrc-audio-level")),
        any::<u64>().prop_map(|ms| format!("a=ptime:{ms}")),
        any::<[u8; 4]>().prop_map(|[a, b, c, d]| format!("c=IN IP4 {a}.{b}.{c}.{d}")),
        any::<u32>().prop_map(|port| format!("a=rtcp:{port} IN IP4 1.2.3.4")),
        "[a-z]=[ -~]{0,30}",
        Just("m=audio 4000 RTP/AVP 0".to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = session().answer(&bytes);
    }

    /// Whatever two of us have, both come to the same view of it, with the numbers crossed; and a second round changes
    /// nothing.
    #[test]
    fn two_of_us_agree_on_whatever_both_have(
        ours in encodings(),
        theirs in encodings(),
        rate in proptest::sample::select(vec![8000u32, 16_000, 24_000, 32_000, 48_000]),
        own in any::<bool>(),
        events in any::<bool>(),
        ptime in proptest::sample::select(vec![10u8, 20, 30, 40, 50, 60]),
    ) {
        let preference = if own { Preference::Own } else { Preference::Peer };
        let base = Local { preference, ptime_ms: ptime, telephone_event: events, ..wideband(rate) };
        let mut caller = Session::new(Local { encodings: ours.clone(), ..base.clone() }, 1);
        let mut callee = Session::new(
            Local { addresses: vec!["192.0.2.2".parse().unwrap()], encodings: theirs.clone(), ..base },
            2,
        );
        let shared = ours.iter().any(|encoding| theirs.contains(encoding));
        for _ in 0..2 {
            let offer = caller.offer();
            let Ok((answer, his)) = callee.answer(&offer) else {
                prop_assert!(!shared);
                return Ok(());
            };
            prop_assert!(shared);
            let mine = caller.accept_answer(&answer).unwrap();
            prop_assert_eq!(mine.encoding, his.encoding);
            prop_assert_eq!(mine.send_payload_type, his.receive_payload_type);
            prop_assert_eq!(mine.receive_payload_type, his.send_payload_type);
            prop_assert_eq!(mine.events.map(|e| e.clock_rate), his.events.map(|e| e.clock_rate));
            prop_assert_eq!(mine.events.is_some(), events);
            prop_assert_eq!(mine.ptime_ms, his.ptime_ms);
            prop_assert!(!mine.is_ambiguous && mine.rtcp_mux && mine.rtcp_xr);
            let best = ours.iter().filter(|e| theirs.contains(e)).map(|e| e.sample_rate().min(rate)).max();
            prop_assert!(own || Some(mine.encoding.sample_rate().min(rate)) == best, "the widest of use");
        }
    }

    #[test]
    fn any_lines_are_survived_and_answers_are_readable(lines in proptest::collection::vec(line(), 0..20)) {
        let mut session = Session::new(wideband(48_000), 1);
        if let Ok((body, stream)) = session.answer(&sdp(&lines.join("|"))) {
            prop_assert!(sdp_types::Session::parse(&body).is_ok());
            prop_assert!((10..=60).contains(&stream.ptime_ms));
        }
        session.offer();
        let _ = session.accept_answer(&sdp(&lines.join("|")));
    }
}
