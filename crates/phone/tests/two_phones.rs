//! Two phones that call each other over loopback.
#![expect(clippy::unwrap_used, reason = "a call that cannot be set up is a failed test")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use confab_mixer::tone_level_dbov;
use confab_phone::{
    By, Call, Encoding, Hold, Keys, OnCall, Phone, PhoneConfig, PhoneError, Traced, Transport, Way,
};

const SOON: Duration = Duration::from_secs(5);
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A phone without a server, at a free port.
async fn callee(change: impl FnOnce(PhoneConfig) -> PhoneConfig) -> Phone {
    Phone::start(change(PhoneConfig::listening(SocketAddr::new(LOOPBACK, 0)))).await.unwrap()
}

/// A phone whose server is the other phone.
async fn caller(callee: &Phone, change: impl FnOnce(PhoneConfig) -> PhoneConfig) -> Phone {
    let config = PhoneConfig::new(callee.local_addr(), "5551234").display("The \"Trunk\"");
    Phone::start(change(config)).await.unwrap()
}

/// A call that is up, seen from both ends: the caller's 440 Hz, the callee's 600 Hz.
struct Pair {
    _phones: [Phone; 2],
    near: Call,
    far: Call,
}

impl Pair {
    async fn up(change: impl Fn(PhoneConfig) -> PhoneConfig) -> Self {
        let answering =
            |config: PhoneConfig| change(config.tone(600.0).on_call(OnCall::Answer(Duration::ZERO)));
        let called = callee(answering).await;
        let calling = caller(&called, |config| change(config.tone(440.0))).await;
        let near = calling.call("2002").await.unwrap();
        near.wait_answered(SOON).await.unwrap();
        let far = called.next_answered(SOON).await.unwrap();
        Self { _phones: [calling, called], near, far }
    }
}

#[tokio::test]
async fn a_call_rings_is_answered_heard_and_hung_up() {
    let called = callee(|config| config.tone(600.0)).await;
    let calling = caller(&called, |config| config.tone(440.0)).await;

    let near = calling.call("2002").await.unwrap();
    let incoming = called.next_call(SOON).await.unwrap();
    assert_eq!(incoming.dialled, "2002");
    assert_eq!(incoming.caller.user, "5551234");
    assert_eq!(incoming.caller.display.as_deref(), Some("The \"Trunk\""));
    assert_eq!(incoming.contact_user.as_deref(), Some("5551234"));
    assert_eq!(incoming.source, calling.local_addr());
    incoming.ring();
    let (_, status) = near.wait_ringing(SOON).await.unwrap();
    assert_eq!(status, 180);

    let far = incoming.answer().await.unwrap();
    near.wait_answered(SOON).await.unwrap();
    far.wait("ACK", SOON, |state| state.confirmed.is_some()).await.unwrap();
    let level = near.wait_until_hears(600.0, SOON).await.unwrap();
    assert!((level + 20.0).abs() < 1.0, "{level} dBov");
    far.wait_until_hears(440.0, SOON).await.unwrap();
    assert!(!near.heard().hears(440.0), "nobody hears himself");

    near.hang_up();
    assert_eq!(far.wait_ended(SOON).await.unwrap().by, By::Peer);
    let ended = near.wait_ended(SOON).await.unwrap();
    assert_eq!((ended.by, ended.status), (By::Us, None));
    for call in [&near, &far] {
        let report = call.stream_report();
        assert!(report.is_gapless(), "{report:?}");
    }
}

#[tokio::test]
async fn keys_go_by_events_info_and_tones() {
    let pair = Pair::up(|config| config).await;
    pair.near.press("*10#").await.unwrap();
    pair.far.wait_until_keys("*10#", SOON).await.unwrap();

    pair.near.press_as("5", Keys::Info, Default::default()).await.unwrap();
    let state = pair.far.wait("INFO", SOON, |state| !state.infos.is_empty()).await.unwrap();
    let (content_type, body) = &state.infos[0];
    assert_eq!(content_type, "application/dtmf-relay");
    assert_eq!(body.as_ref(), b"Signal=5\r\nDuration=100\r\n");
    assert_eq!(pair.far.heard().keys(), "*10#", "INFO is no event");

    pair.near.press_as("9", Keys::InBand, Default::default()).await.unwrap();
    let samples = pair.far.heard().samples(Duration::from_secs(2));
    let is_nine = |part: &[i16]| [852.0, 1477.0].iter().all(|hz| tone_level_dbov(part, 8000, *hz) > -16.0);
    assert!(samples.windows(320).step_by(160).any(is_nine));
    let report = pair.far.stream_report();
    assert!(report.is_gapless(), "keys break nothing: {report:?}");
}

#[tokio::test]
async fn a_key_is_refused_when_it_is_none_or_cannot_be_sent() {
    let pair = Pair::up(|config| config.keys(Keys::Info)).await;
    assert!(matches!(pair.near.press("1x").await, Err(PhoneError::Key('x'))));
    let by_event = pair.near.press_as("1", Keys::Rfc4733, Default::default()).await;
    assert!(matches!(by_event, Err(PhoneError::NoEvents)), "{by_event:?}");
}

#[tokio::test]
async fn hold_and_resume_in_each_manner() {
    let pair = Pair::up(|config| config).await;
    pair.near.wait_until_hears(600.0, SOON).await.unwrap();
    for (times, hold) in [Hold::SendOnly, Hold::Inactive, Hold::ZeroAddress].into_iter().enumerate() {
        pair.near.hold_by(hold).await.unwrap();
        let held = pair.far.state();
        assert_eq!(held.reoffers as usize, 2 * times + 1);
        assert!(
            held.stream.is_some_and(|stream| !stream.direction.sends() || stream.remote.is_none()),
            "{hold:?}"
        );
        pair.near.wait_until_silent_of(600.0, SOON).await.unwrap();
        pair.near.resume().await.unwrap();
        pair.near.wait_until_hears(600.0, SOON).await.unwrap();
        pair.far.wait_until_hears(440.0, SOON).await.unwrap();
    }
}

#[tokio::test]
async fn a_refusal_and_a_cancel_are_seen_at_both_ends() {
    let called = callee(|config| config).await;
    let calling = caller(&called, |config| config).await;

    let busy = calling.call("1").await.unwrap();
    called.next_call(SOON).await.unwrap().refuse(486);
    let refused = busy.wait_answered(SOON).await;
    assert!(matches!(refused, Err(PhoneError::Refused { status: Some(486), .. })), "{refused:?}");

    let cancelled = calling.call("2").await.unwrap();
    let incoming = called.next_call(SOON).await.unwrap();
    incoming.ring();
    cancelled.wait_ringing(SOON).await.unwrap();
    cancelled.hang_up();
    assert_eq!(incoming.wait_ended(SOON).await.unwrap().by, By::Peer);
    let ended = cancelled.wait_ended(SOON).await.unwrap();
    assert_eq!(ended.by, By::Us);
    assert!(incoming.answer().await.is_err());
}

#[tokio::test]
async fn the_habits_of_a_phone_answer_refuse_or_ring() {
    for (habit, status) in [(OnCall::Refuse(603), Some(603)), (OnCall::Ring, None)] {
        let called = callee(|config| config.on_call(habit)).await;
        let calling = caller(&called, |config| config).await;
        let call = calling.call("1").await.unwrap();
        match status {
            Some(status) => assert_eq!(call.wait_ended(SOON).await.unwrap().status, Some(status)),
            None => assert_eq!(call.wait_ringing(SOON).await.unwrap().1, 180),
        }
    }
}

#[tokio::test]
async fn a_file_is_played_and_recorded() {
    let folder = std::env::temp_dir();
    let name = |what| folder.join(format!("confab-phone-{}-{what}.wav", std::process::id()));
    let (played, recorded) = (name("played"), name("recorded"));
    write_tone(&played, 1000.0);

    let pair = Pair::up(|config| config.codecs([Encoding::Pcma])).await;
    pair.far.record(&recorded).unwrap();
    pair.near.play_wav(&played).unwrap();
    pair.far.wait_until_hears(1000.0, SOON).await.unwrap();
    pair.near.silence();
    pair.far.wait_until_silent_of(1000.0, SOON).await.unwrap();
    pair.far.stop_recording().unwrap();

    let samples: Vec<i16> =
        hound::WavReader::open(&recorded).unwrap().samples().map(Result::unwrap).collect();
    let loud = samples.iter().filter(|sample| sample.unsigned_abs() > 1000).count();
    assert!(loud > 1000, "{loud} of {} samples are loud", samples.len());
    for path in [played, recorded] {
        std::fs::remove_file(path).unwrap();
    }
}

#[tokio::test]
async fn packets_have_the_length_that_was_asked_for() {
    let pair = Pair::up(|config| config.ptime_ms(40)).await;
    pair.near.wait_until_hears(600.0, SOON).await.unwrap();
    let report = pair.near.stream_report();
    let expected = report.duration.as_millis() as u64 / 40;
    assert!(report.is_gapless() && report.packets.abs_diff(expected) <= 3 + expected / 5, "{report:?}");
}

#[tokio::test]
async fn a_call_over_tcp() {
    let pair = Pair::up(|config| config.transport(Transport::Tcp)).await;
    pair.near.wait_until_hears(600.0, SOON).await.unwrap();
    pair.far.hang_up();
    assert_eq!(pair.near.wait_ended(SOON).await.unwrap().by, By::Peer);
}

#[tokio::test]
async fn dropped_phones_hang_up() {
    let called = callee(|config| config.on_call(OnCall::Answer(Duration::ZERO))).await;
    let calling = caller(&called, |config| config).await;
    let near = calling.call("1").await.unwrap();
    let far = called.next_answered(SOON).await.unwrap();
    drop((near, calling));
    assert_eq!(far.wait_ended(SOON).await.unwrap().by, By::Peer);
}

#[tokio::test]
async fn pings_and_raw_messages_are_answered() {
    let called = callee(|config| config).await;
    let calling = caller(&called, |config| config).await;
    assert_eq!(calling.options(called.local_addr(), SOON).await.unwrap(), 200);

    let from = calling.local_addr();
    let request = format!(
        "OPTIONS sip:x@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKraw\r\nFrom: <sip:raw@{from}>;tag=1\r\n\
         To: <sip:x@{to}>\r\nCall-ID: raw\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        to = called.local_addr(),
    );
    calling.send_raw(request, called.local_addr());
    let answers = |traced: &Traced| traced.way == Way::In && traced.text().contains("Call-ID: raw");
    let answer = calling.wait_message(SOON, answers).await.unwrap();
    assert_eq!(answer.start_line(), "SIP/2.0 200 OK");
}

#[tokio::test]
async fn what_does_not_come_is_a_timeout() {
    let lonely = callee(|config| config).await;
    let soon = Duration::from_millis(50);
    assert!(matches!(lonely.next_call(soon).await, Err(PhoneError::Timeout { .. })));
    assert!(matches!(lonely.call("1").await, Err(PhoneError::NoServer)));
    assert!(matches!(lonely.register().await, Err(PhoneError::NoServer)));
}

fn write_tone(path: &std::path::Path, hz: f32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for index in 0..16_000 {
        let sine = (std::f32::consts::TAU * hz * index as f32 / 8000.0).sin();
        writer.write_sample((sine * 5000.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
}

#[tokio::test]
async fn forty_calls_in_one_process_lose_nothing() {
    let called = callee(|config| config.tone(600.0).on_call(OnCall::Answer(Duration::ZERO))).await;
    let calling = caller(&called, |config| config.tone(440.0)).await;
    let mut calls = Vec::new();
    for _ in 0..40 {
        calls.push(calling.call("1").await.unwrap());
    }
    for call in &calls {
        call.wait_until_hears(600.0, SOON).await.unwrap();
    }
    for call in &calls {
        let report = call.stream_report();
        assert!(report.is_gapless(), "{report:?}");
    }
}
