//! Codecs, keys in the audio, silent and choppy lines, with scripted phones in virtual time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use confab_conference::{Control, LegId};
use confab_rtp::{Quality, Uplink, Verdict};
use confab_sdp::{Encoding, Stream};
use confab_switchboard::{LineQuality, MediaCommand, MediaEvent};
use support::{Exchange, ms};

const SECOND: u64 = 1000;

/// A phone with these encodings has called 2000, whose room has this rate.
fn caller(rate: &str, encodings: &[Encoding]) -> (Exchange, usize) {
    let mut x = Exchange::with(&[&format!("profiles.simpleconf.rate={rate}")]);
    let phone = x.phone_with(7, "4711", encodings);
    x.call(phone, "2000", true);
    x.run(ms(200));
    (x, phone)
}

/// What the audio engine was told of the first leg, last.
fn stream(x: &Exchange) -> &Stream {
    let last = x.media.iter().rev().find_map(|command| match command {
        MediaCommand::StartLeg { stream, .. } | MediaCommand::UpdateLeg { stream, .. } => Some(stream),
        _ => None,
    });
    last.unwrap()
}

fn listens_for_keys(x: &Exchange, leg: LegId) -> Option<bool> {
    x.media.iter().rev().find_map(|command| match command {
        MediaCommand::Set { leg: of, control: Control::InbandDigits(on) } if *of == leg => Some(*on),
        _ => None,
    })
}

fn line(verdict: Verdict) -> Box<LineQuality> {
    Box::new(LineQuality { quality: Quality::default(), verdict })
}

#[test]
fn a_wideband_phone_gets_wideband_in_a_wideband_room_and_its_own_order_elsewhere() {
    let desk_phone = [Encoding::Pcma, Encoding::G722, Encoding::Pcmu];
    for (rate, expected) in [
        ("8000", Encoding::Pcma),
        ("16000", Encoding::G722),
        ("48000", Encoding::G722),
        ("auto", Encoding::G722),
    ] {
        let (x, _) = caller(rate, &desk_phone);
        assert_eq!(stream(&x).encoding, expected, "{rate}");
    }
    let softphone = [Encoding::Pcmu, Encoding::G722, Encoding::Opus];
    assert_eq!(stream(&caller("48000", &softphone).0).encoding, Encoding::Opus);
    assert_eq!(stream(&caller("16000", &softphone).0).encoding, Encoding::G722, "as wide, and before it");
}

#[test]
fn a_codec_that_nobody_shares_is_refused_and_ours_are_named() {
    let mut x = Exchange::with(&["profiles.simpleconf.codecs=[\"G722\",\"PCMA\"]"]);
    let phone = x.phone_with(7, "4711", &[Encoding::Opus]);
    x.call(phone, "2000", true);
    x.run(ms(200));
    let refusal = x.message_to(phone, "SIP/2.0 488");
    assert!(refusal.contains("G722/8000, PCMA/8000\""), "{refusal}");
    assert!(refusal.contains("\r\nWarning: 305 "), "{refusal}");
}

#[test]
fn an_answer_with_several_codecs_is_narrowed_to_the_first() {
    let mut x = Exchange::with(&["profiles.simpleconf.rate=48000"]);
    let station = x.registered(4, "1004");
    let trunk = x.phone(20, "2125551111");
    x.call(trunk, "2002", true);
    x.run(ms(700));
    let offer = x.message_to(station, "INVITE");
    assert!(offer.contains("opus/48000/2") && offer.contains("G722/8000"), "{offer}");
    x.answer_with(
        station,
        "v=0\r\no=- 1 1 IN IP4 10.0.0.4\r\ns=-\r\nc=IN IP4 10.0.0.4\r\nt=0 0\r\nm=audio 4000 RTP/AVP 9 0\r\n",
    );
    x.run(ms(200));
    assert_eq!(stream(&x).encoding, Encoding::G722);
    let again = x.message_to(station, "INVITE");
    assert!(again.contains(" RTP/AVP 9 ") && !again.contains("PCMU"), "{again}");
    assert_eq!(x.sent_to(station).iter().filter(|line| line.starts_with("INVITE")).count(), 2);
}

#[test]
fn a_reinvite_changes_codec_and_address() {
    let (mut x, phone) = caller("16000", &[Encoding::Pcmu, Encoding::Opus]);
    assert_eq!(stream(&x).encoding, Encoding::Opus);
    let moved = "10.0.0.8:5000".parse().unwrap();
    x.reoffer_with(phone, &[Encoding::Pcma, Encoding::G722], moved);
    x.run(ms(200));
    let now = stream(&x);
    assert_eq!((now.encoding, now.remote), (Encoding::G722, Some(moved)));
    x.reoffer_with(phone, &[Encoding::L16 { rate: 48_000 }], moved);
    x.run(ms(200));
    assert_eq!(
        stream(&x).encoding,
        Encoding::L16 { rate: 48_000 },
        "wider than the room, but it has no other"
    );
}

#[test]
fn keys_are_listened_for_where_no_events_were_agreed_on() {
    let (x, _) = caller("8000", &[Encoding::Pcmu]);
    assert_eq!(listens_for_keys(&x, x.started(0)), None, "events are agreed on");
    for (mode, events, expected) in
        [("auto", false, Some(true)), ("never", false, None), ("always", true, Some(true))]
    {
        let mut x = Exchange::with(&[&format!("profiles.simpleconf.inband-dtmf={mode}")]);
        let phone = x.phone_with(7, "4711", &[Encoding::Pcmu]);
        x.phones[phone].set_events(events);
        x.call(phone, "2003", true);
        x.run(ms(200));
        assert_eq!(listens_for_keys(&x, x.started(0)), expected, "{mode}: while he types his PIN");
    }
}

#[test]
fn a_key_by_three_ways_counts_once() {
    let (mut x, phone) = caller("8000", &[Encoding::Pcmu]);
    let leg = x.started(0);
    let mutes = |x: &Exchange| x.count(|c| matches!(c, MediaCommand::Set { control: Control::Speak(_), .. }));
    let before = mutes(&x);
    for (nth, late_ms) in [(1, 500), (2, 2500)] {
        x.send_info(phone, '0');
        x.run(ms(50));
        x.hears(MediaEvent::Digit { leg, digit: '0', inband: true });
        x.run(ms(late_ms));
        x.hears(MediaEvent::Digit { leg, digit: '0', inband: false });
        x.run(ms(5000));
        assert_eq!(mutes(&x), before + nth);
    }
}

#[test]
fn a_silent_phone_that_answers_is_asked_again_and_not_for_ever() {
    let (mut x, phone) = caller("8000", &[Encoding::Pcmu]);
    let leg = x.started(0);
    for nth in 1..=10 {
        x.run(ms(30 * SECOND));
        x.hears(MediaEvent::Silent { leg, for_ms: nth * 30 * SECOND });
        x.run(ms(SECOND));
        let asked = x.sent_to(phone).iter().filter(|line| line.starts_with("OPTIONS")).count();
        assert_eq!((asked, x.has_ended(phone)), (nth as usize, false));
    }
    x.run(ms(30 * SECOND));
    x.hears(MediaEvent::Silent { leg, for_ms: 330 * SECOND });
    x.run(ms(SECOND));
    assert!(x.has_ended(phone) && x.switchboard.calls() == 0);
    assert!(
        x.log.iter().any(|line| line == "room test: 4711: nothing has come for 330 s: its call is ended")
    );
}

#[test]
fn a_phone_that_was_heard_meanwhile_starts_anew() {
    let (mut x, phone) = caller("8000", &[Encoding::Pcmu]);
    let leg = x.started(0);
    for _ in 0..30 {
        x.run(ms(40 * SECOND));
        x.hears(MediaEvent::Silent { leg, for_ms: 30 * SECOND });
        x.run(ms(SECOND));
    }
    assert!(!x.has_ended(phone));
}

#[test]
fn a_silent_phone_that_is_gone_is_put_out_within_eight_seconds() {
    let (mut x, phone) = caller("8000", &[Encoding::Pcmu]);
    let (leg, address) = (x.started(0), x.phones[phone].address);
    x.unplug(phone);
    x.run(ms(30 * SECOND));
    x.hears(MediaEvent::Silent { leg, for_ms: 30 * SECOND });
    x.run(ms(7900));
    assert_eq!(x.switchboard.calls(), 1);
    x.run(ms(200));
    assert_eq!(x.switchboard.calls(), 0);
    assert_eq!(x.count(|c| matches!(c, MediaCommand::StopLeg { leg: of } if *of == leg)), 1);
    let bye = x.sent.iter().find(|(to, text)| *to == address && text.starts_with("BYE")).unwrap();
    assert!(bye.1.contains("Reason: Q.850;cause=102;text=\"RECOVERY_ON_TIMER_EXPIRE\""), "{}", bye.1);
    assert!(
        x.log.iter().any(|line| line == "room test: 4711 left, line dead, 0 in the room"),
        "{:#?}",
        x.log
    );
}

#[test]
fn a_choppy_line_is_told_once_a_minute_and_its_end_in_one_line() {
    let (mut x, phone) = caller("8000", &[Encoding::Pcmu]);
    let leg = x.started(0);
    let warned = |x: &Exchange| x.log.iter().filter(|line| line.contains("choppy, because")).count();
    for _ in 0..7 {
        x.hears(MediaEvent::Quality { leg, line: line(Verdict::Uplink) });
        x.run(ms(10 * SECOND));
    }
    assert_eq!(warned(&x), 2);
    x.hears(MediaEvent::Quality { leg, line: line(Verdict::Downlink) });
    assert_eq!(warned(&x), 3, "another reason is told at once");
    assert_eq!(x.switchboard.line_quality(leg), Some(&*line(Verdict::Downlink)));
    x.hang_up(phone);
    x.run(ms(100));
    let uplink =
        Uplink { packets: 1000, lost: 40, jitter_us: 12_300, buffer_us: 60_000, ..Uplink::default() };
    x.hears(MediaEvent::LineOver { leg, quality: Box::new(Quality { uplink, ..Quality::default() }) });
    let expected = "room test: 4711 (PCMU/8000): its line was: 1000 packets, 40 lost, 0 late, jitter 12 ms, buffer 60 ms, \
                    0 ms concealed, 0 ms put in, 0 ms taken out, MOS 0.0 from it: choppy, because of its way to us";
    assert_eq!(x.log.last().unwrap(), expected);
}

#[test]
fn a_leg_that_is_far_too_loud_is_in_the_log() {
    let (mut x, _) = caller("8000", &[Encoding::Pcmu]);
    let leg = x.started(0);
    x.hears(MediaEvent::TooLoud { leg });
    assert!(x.log.iter().any(|line| line.contains("4711 is too loud")), "{:#?}", x.log);
}
