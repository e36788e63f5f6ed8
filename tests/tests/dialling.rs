//! What can be dialled, by whom, and with which PIN.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use confab_phone::{Phone, PhoneError};
use confab_tests::{Bridge, SOON, leave_by_hash, pass, tones};

const PIN: &str = "conference/conf-pin.wav";
const BAD_PIN: &str = "conference/conf-bad-pin.wav";

#[tokio::test(flavor = "multi_thread")]
async fn anyone_meets_in_2000() {
    let bridge = Bridge::start().await;
    let (one, two) =
        (bridge.trunk().await, Phone::start(bridge.caller("4155551234", tones::INVITED)).await.unwrap());
    let (at_one, at_two) = (one.call("2000").await.unwrap(), two.call("2000").await.unwrap());
    at_one.wait_until_hears(tones::INVITED, SOON).await.unwrap();
    at_two.wait_until_hears(tones::TRUNK, SOON).await.unwrap();
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_2001_the_caller_is_muted_and_1004_is_called() {
    let bridge = Bridge::start().await;
    let station = bridge.answering("1004", tones::STATION).await;
    let trunk = bridge.trunk().await;
    let at_trunk = trunk.call("2001").await.unwrap();
    let at_station = station.next_answered(SOON).await.unwrap();
    at_trunk.wait_until_hears(tones::STATION, SOON).await.unwrap();
    assert!(at_station.heard().silent_of(tones::TRUNK), "the caller joins muted: {}", at_station.heard());
    at_trunk.press("0").await.unwrap();
    at_station.wait_until_hears(tones::TRUNK, SOON).await.unwrap();
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_pin_lets_in_muted() {
    let bridge = Bridge::start().await;
    let (one, two) = (bridge.trunk().await, bridge.trunk().await);
    let first = one.call("2003").await.unwrap();
    first.wait_until_hears(tones::prompt(PIN), SOON).await.unwrap();
    first.press("7536").await.unwrap();
    first.wait_until_hears(tones::prompt("conference/conf-alone.wav"), SOON).await.unwrap();
    let second = two.call("2003").await.unwrap();
    second.wait_until_hears(tones::prompt(PIN), SOON).await.unwrap();
    assert!(!first.heard().hears(tones::prompt("conference/conf-welcome.wav")), "nobody has come in yet");
    second.press("7536#").await.unwrap();
    first.wait_until_hears(tones::prompt("conference/conf-welcome.wav"), SOON).await.unwrap();
    pass(Duration::from_secs(1)).await;
    assert!(first.heard().silent_of(tones::TRUNK), "members join muted");
    assert!(second.state().ended.is_none(), "the # that ended the PIN is no key of the room");
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_wrong_pins_end_the_call() {
    let bridge = Bridge::start().await;
    let trunk = bridge.trunk().await;
    let call = trunk.call("2003").await.unwrap();
    for _ in 0..3 {
        call.wait_until_hears(tones::prompt(PIN), SOON).await.unwrap();
        call.press("1111").await.unwrap();
        call.wait_until_hears(tones::prompt(BAD_PIN), SOON).await.unwrap();
    }
    call.wait_ended(SOON).await.unwrap();
    assert!(call.stream_report().is_gapless(), "{:?}", call.stream_report());
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_numbers_are_404() {
    let bridge = Bridge::start().await;
    let trunk = bridge.trunk().await;
    for number in ["2999", "1004", "20001", "gw", "..%2f"] {
        let call = trunk.call(number).await.unwrap();
        let ended = call.wait_ended(SOON).await.unwrap();
        assert_eq!(ended.status, Some(404), "{number}");
    }
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_claims_to_be_a_user_has_to_prove_it() {
    let bridge = Bridge::start().await;
    let liar = Phone::start(bridge.caller("1004", tones::TRUNK)).await.unwrap();
    let call = liar.call("2000").await.unwrap();
    assert!(matches!(call.wait_answered(SOON).await, Err(PhoneError::Refused { status: Some(401), .. })));
    let guesser = Phone::start(bridge.caller("1004", tones::TRUNK).password("4321")).await.unwrap();
    let call = guesser.call("2000").await.unwrap();
    assert!(matches!(call.wait_answered(SOON).await, Err(PhoneError::Refused { status: Some(401), .. })));
    let user = Phone::start(bridge.caller("1004", tones::TRUNK).password("1234")).await.unwrap();
    user.call("2000").await.unwrap().wait_answered(SOON).await.unwrap();
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_phones_of_a_user_ring_and_the_first_answer_wins() {
    let bridge = Bridge::start().await;
    let desk = bridge.station("1004", tones::STATION).await;
    let mobile = bridge.station("1004", tones::INVITED).await;
    let trunk = bridge.trunk().await;
    let at_trunk = trunk.call("2002").await.unwrap();
    let (at_desk, at_mobile) = (desk.next_call(SOON).await.unwrap(), mobile.next_call(SOON).await.unwrap());
    at_desk.ring();
    at_mobile.ring();
    pass(Duration::from_millis(200)).await;
    let answered = at_mobile.answer().await.unwrap();
    at_desk.wait_ended(SOON).await.expect("the other phone stops ringing");
    answered.wait_until_hears(tones::TRUNK, SOON).await.unwrap();
    assert!(at_trunk.state().ended.is_none());
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tcp_everything_is_the_same() {
    let bridge = Bridge::start().await;
    let over_tcp = |user: &str, tone| {
        let config = bridge.caller(user, tone).transport(confab_phone::Transport::Tcp);
        confab_phone::PhoneConfig { server: Some(bridge.tcp_address()), ..config }
    };
    let station = bridge.registered(over_tcp("1004", tones::STATION)).await;
    let trunk = Phone::start(over_tcp("2125551111", tones::TRUNK)).await.unwrap();
    let at_trunk = trunk.call("2002").await.unwrap();
    let at_station = station.next_call(SOON).await.unwrap().answer().await.unwrap();
    at_station.wait_until_hears(tones::TRUNK, SOON).await.unwrap();
    at_station.press("0").await.unwrap();
    at_trunk.wait_until_hears(tones::STATION, SOON).await.unwrap();
    leave_by_hash(&at_trunk).await;
    at_trunk.wait_ended(SOON).await.unwrap();
    at_station.wait_ended(SOON).await.unwrap();
    bridge.stop().await;
}
