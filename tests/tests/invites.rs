//! Inviting by *1 and taking back by *2: what the inviter hears, and what nobody else does.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use confab_phone::{Call, OnCall};
use confab_tests::{Bridge, SOON, Two, leave_by_hash, tones};

const INVALID: &str = "ivr/invalid_entry.wav";
const ENTER_NUMBER: &str = "ivr/destination_telephone_number.wav";

async fn hears_alone(two: &Two, prompt: &str) {
    let tone = tones::prompt(prompt);
    two.at_station.wait_until_hears(tone, Duration::from_secs(8)).await.unwrap();
    assert!(!two.at_trunk.heard().hears(tone), "{prompt} is for the inviter alone");
}

async fn both_talk(two: &Two) {
    two.at_trunk.wait_until_hears(tones::STATION, SOON).await.unwrap();
    two.at_station.wait_until_hears(tones::TRUNK, SOON).await.unwrap();
}

fn whole(call: &Call) {
    let report = call.stream_report();
    assert!(report.is_gapless(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_an_invite_ended_is_told_to_the_inviter_alone() {
    let bridge = Bridge::start().await;
    let busy = bridge.caller("1005", tones::INVITED).on_call(OnCall::Refuse(486));
    let declining = bridge.caller("1006", tones::INVITED).on_call(OnCall::Refuse(603));
    let _phones = (bridge.registered(busy).await, bridge.registered(declining).await);
    let two = bridge.talking().await;
    for (number, prompt) in
        [("1005", "ivr/busy.wav"), ("1006", "ivr/declined.wav"), ("1007", "ivr/unreachable.wav")]
    {
        two.at_station.press(&format!("*1{number}#")).await.unwrap();
        hears_alone(&two, prompt).await;
        two.at_station.wait_until_silent_of(tones::prompt(prompt), SOON).await.unwrap();
        both_talk(&two).await;
    }
    whole(&two.at_trunk);
    whole(&two.at_station);
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_are_no_number() {
    let bridge = Bridge::start().await;
    let two = bridge.talking().await;
    for entry in ["12#", "1*", "123456789012"] {
        two.at_station.press("*1").await.unwrap();
        two.at_station.wait_until_hears(tones::prompt(ENTER_NUMBER), SOON).await.unwrap();
        two.at_station.press(entry).await.unwrap();
        hears_alone(&two, INVALID).await;
        both_talk(&two).await;
        two.at_station.wait_until_silent_of(tones::prompt(INVALID), SOON).await.unwrap();
    }
    // Nothing at all: 5 s after the prompt's end.
    two.at_station.press("*1").await.unwrap();
    hears_alone(&two, INVALID).await;
    both_talk(&two).await;
    whole(&two.at_station);
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_without_hash_is_dialled_after_five_seconds() {
    let bridge = Bridge::start().await;
    let two = bridge.talking().await;
    two.at_station.press("*120001").await.unwrap();
    assert!(bridge.far_end.next_call(Duration::from_secs(4)).await.is_err(), "he may still be typing");
    let call = bridge.far_end.next_call(Duration::from_secs(2)).await.unwrap();
    assert_eq!(call.dialled, "20001");
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ringing_invite_is_cancelled_by_star_two() {
    let bridge = Bridge::start().await;
    let (two, phone) = bridge.ringing().await;
    two.at_station.press("*2").await.unwrap();
    phone.wait_message(SOON, |m| m.text().starts_with("CANCEL")).await.unwrap();
    both_talk(&two).await;
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trunk_has_no_invite() {
    let bridge = Bridge::start().await;
    let two = bridge.talking().await;
    two.at_trunk.press("*120001").await.unwrap();
    assert!(bridge.far_end.next_call(Duration::from_secs(7)).await.is_err());
    assert!(!two.at_trunk.heard().hears(tones::prompt(ENTER_NUMBER)));
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trunk_leaves_while_the_station_types() {
    let bridge = Bridge::start().await;
    let two = bridge.talking().await;
    two.at_station.press("*110").await.unwrap();
    two.at_trunk.hang_up();
    two.at_station
        .wait_until_hears(tones::prompt("conference/conf-kicked.wav"), Duration::from_secs(2))
        .await
        .unwrap();
    two.at_station.wait_ended(Duration::from_secs(3)).await.unwrap();
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ringing_invite_ends_with_its_room() {
    let bridge = Bridge::start().await;
    let (two, phone) = bridge.ringing().await;
    leave_by_hash(&two.at_trunk).await;
    phone.wait_message(SOON, |m| m.text().starts_with("CANCEL")).await.unwrap();
    two.at_station.wait_ended(SOON).await.unwrap();
    bridge.stop().await;
}
