//! A line on which nothing comes any more: the phone is asked whether it is there, and put out if not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use confab_phone::{By, Encoding, Hold, PhoneConfig, Source, Traced, Way};
use confab_tests::{Bridge, Member, SOON, pass, tones};

const LIMIT: &str = "media.rtp-timeout-sec=1";

fn is_question(message: &Traced) -> bool {
    message.way == Way::In && message.start_line().starts_with("OPTIONS ")
}

/// From which nothing comes but SIP.
async fn soundless(bridge: &Bridge) -> Member {
    let phone = bridge.caller("4155550001", tones::TRUNK).source(Source::Nothing);
    bridge.member_as("8000", PhoneConfig { rtcp: false, ..phone }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_stays_and_is_heard_again() {
    let bridge = Bridge::rooms(&[LIMIT]).await;
    let ear = bridge.member("8000", Encoding::Pcmu, tones::STATION).await;
    let silent = bridge.member("8000", Encoding::Pcmu, tones::TRUNK).await;
    ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    silent.play(Source::Nothing);
    silent.phone.wait_message(SOON, is_question).await.unwrap();
    silent
        .phone
        .wait_message(SOON, |m| {
            m.way == Way::Out && m.text().contains("CSeq: ") && m.text().contains(" OPTIONS\r\n")
        })
        .await
        .unwrap();
    silent.play_tone(tones::TRUNK, -20.0);
    ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    assert!(silent.state().ended.is_none());
    assert!(!ear.phone.messages().iter().any(is_question), "nobody asks who talks");
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_ten_times_without_a_sound_is_put_out() {
    let bridge = Bridge::rooms(&[LIMIT]).await;
    let ear = bridge.member("8000", Encoding::Pcmu, tones::STATION).await;
    let silent = soundless(&bridge).await;
    let ended = silent.wait_ended(Duration::from_secs(20)).await.unwrap();
    assert_eq!(ended.by, By::Peer);
    let questions = silent.phone.messages().iter().filter(|message| is_question(message)).count();
    assert_eq!(questions, 10);
    assert!(ear.state().ended.is_none());
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_on_hold_has_a_limit_of_its_own() {
    let bridge = Bridge::rooms(&["media.rtp-timeout-sec=60", "media.rtp-hold-timeout-sec=1"]).await;
    let silent = soundless(&bridge).await;
    silent.hold_by(Hold::Inactive).await.unwrap();
    silent.phone.wait_message(SOON, is_question).await.unwrap();
    bridge.stop().await;

    let bridge = Bridge::rooms(&[LIMIT, "media.rtp-hold-timeout-sec=60"]).await;
    let silent = soundless(&bridge).await;
    silent.hold_by(Hold::Inactive).await.unwrap();
    let held = Instant::now();
    pass(Duration::from_millis(2500)).await;
    let asked_late = |message: &Traced| is_question(message) && message.at > held + Duration::from_secs(1);
    assert!(!silent.phone.messages().iter().any(asked_late));
    bridge.stop().await;
}
