//! The tutorial, from the first ring to the last BYE, with four phones: by `config/tutorial.toml`, and as it is carried over
//! from FreeSWITCH's configuration of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use confab_phone::{Call, IncomingCall, OnCall, Phone, StreamReport};
use confab_tests::{Bridge, SOON, TRUNK_NUMBER, pass, tones};

const ALONE: &str = "conference/conf-alone.wav";
const MUSIC: &str = "conference/conf-music.wav";
const WELCOME: &str = "conference/conf-welcome.wav";
const MUTED: &str = "conference/conf-muted.wav";
const ENTER_NUMBER: &str = "ivr/destination_telephone_number.wav";

fn assert_whole(who: &str, report: &StreamReport) {
    assert!(report.is_gapless(), "{who}: {report:?}");
    assert!(report.largest_gap_ms < 200.0, "{who}: {report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_flow() {
    whole_flow(Bridge::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_flow_as_imported() {
    whole_flow(Bridge::imported().await).await;
}

async fn whole_flow(bridge: Bridge) {
    let station = bridge.station("1004", tones::STATION).await;
    let trunk = bridge.trunk().await;
    let at_trunk = the_trunk_is_answered(&trunk).await;
    let ringing = the_station_is_called(&station, &at_trunk).await;
    let at_station = the_station_joins_muted(ringing, &at_trunk).await;
    the_station_is_asked_for_a_number(&at_station, &at_trunk).await;
    let invited = bridge.station("1005", tones::INVITED).await;
    let at_invited = a_user_is_invited(&invited, &at_station, &at_trunk).await;
    the_invited_cannot_invite(&at_invited, &at_trunk).await;
    let at_far_end = a_number_is_invited(&bridge.far_end, &at_station, &at_trunk).await;
    invites_are_taken_back(&at_station, &at_far_end, &at_invited).await;
    assert_whole("trunk", &at_trunk.stream_report());
    assert_whole("1004", &at_station.stream_report());
    the_room_ends_with_the_trunk(&at_trunk, &at_station).await;
    bridge.stop().await;
}

/// 180 at once, 200 half a second later.
async fn the_trunk_is_answered(trunk: &Phone) -> Call {
    let at_trunk = trunk.call("2002").await.unwrap();
    let (_, status) = at_trunk.wait_ringing(SOON).await.unwrap();
    assert_eq!(status, 180);
    let answered = at_trunk.wait_answered(SOON).await.unwrap();
    let waited = answered - at_trunk.state().started;
    assert!((450..900).contains(&waited.as_millis()), "answered after {waited:?}");
    at_trunk
}

/// At once, with the trunk's number and name; the trunk hears alone, then music.
async fn the_station_is_called(station: &Phone, at_trunk: &Call) -> IncomingCall {
    let ringing = station.next_call(SOON).await.unwrap();
    assert_eq!(ringing.caller.user, TRUNK_NUMBER);
    assert_eq!(ringing.caller.display.as_deref(), Some("Alice"));
    assert_eq!(ringing.contact_user.as_deref(), Some(TRUNK_NUMBER));
    ringing.ring();
    at_trunk.wait_until_hears(tones::prompt(ALONE), SOON).await.unwrap();
    at_trunk.wait_until_hears(tones::prompt(MUSIC), SOON).await.unwrap();
    ringing
}

/// The welcome is heard by both and the music stops; 0 unmutes him, and nobody hears himself.
async fn the_station_joins_muted(ringing: IncomingCall, at_trunk: &Call) -> Call {
    let at_station = ringing.answer().await.unwrap();
    at_trunk.wait_until_hears(tones::prompt(WELCOME), SOON).await.unwrap();
    at_station.wait_until_hears(tones::prompt(MUTED), SOON).await.unwrap();
    at_trunk.wait_until_silent_of(tones::prompt(MUSIC), SOON).await.unwrap();
    at_station.wait_until_hears(tones::TRUNK, SOON).await.unwrap();
    assert!(at_trunk.heard().silent_of(tones::STATION), "1004 is muted: {}", at_trunk.heard());
    assert!(!at_trunk.heard().hears(tones::prompt(MUTED)), "the mute prompts are private");
    at_station.press("0").await.unwrap();
    at_trunk.wait_until_hears(tones::STATION, SOON).await.unwrap();
    assert!(at_station.heard().silent_of(tones::STATION), "nobody hears himself: {}", at_station.heard());
    assert!(at_trunk.heard().silent_of(tones::TRUNK), "nobody hears himself: {}", at_trunk.heard());
    pass(Duration::from_secs(1)).await;
    at_station
}

/// The prompt of *1 is for 1004 alone, over the room at -15 dB; the room does not hear him.
async fn the_station_is_asked_for_a_number(at_station: &Call, at_trunk: &Call) {
    let full = at_station.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    at_station.press("*1").await.unwrap();
    at_station.wait_until_hears(tones::prompt(ENTER_NUMBER), SOON).await.unwrap();
    let ducked = at_station.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
    assert!((full - ducked - 15.0).abs() < 1.5, "the room under the prompt: {full} -> {ducked} dBov");
    at_trunk.wait_until_silent_of(tones::STATION, SOON).await.unwrap();
    assert!(!at_trunk.heard().hears(tones::prompt(ENTER_NUMBER)));
}

/// He types 1005#: the INVITE leaves within 200 ms and he is back in the mix at once; then there are three.
async fn a_user_is_invited(invited: &Phone, at_station: &Call, at_trunk: &Call) -> Call {
    at_station.press("1005#").await.unwrap();
    let typed = Instant::now();
    let ringing = invited.next_call(SOON).await.unwrap();
    assert!(typed.elapsed() < Duration::from_millis(200), "INVITE after {:?}", typed.elapsed());
    assert_eq!(ringing.caller.user, "1004", "the inviter's number is shown");
    ringing.ring();
    at_trunk.wait_until_hears(tones::STATION, SOON).await.unwrap();
    let at_invited = ringing.answer().await.unwrap();
    for (ear, voices) in [
        (at_trunk, [tones::STATION, tones::INVITED]),
        (at_station, [tones::TRUNK, tones::INVITED]),
        (&at_invited, [tones::TRUNK, tones::STATION]),
    ] {
        for voice in voices {
            ear.wait_until_hears(voice, SOON).await.unwrap();
        }
    }
    assert!(at_invited.heard().silent_of(tones::INVITED));
    at_invited
}

/// He has no *1: `1` is his own control (he is heard more quietly), nobody is called.
async fn the_invited_cannot_invite(at_invited: &Call, at_trunk: &Call) {
    let before = at_trunk.wait_until_steady(tones::INVITED, SOON).await.unwrap();
    at_invited.press("*1").await.unwrap();
    pass(Duration::from_millis(2500)).await;
    let after = at_trunk.wait_until_steady(tones::INVITED, SOON).await.unwrap();
    assert!((before - after - 3.0).abs() < 1.0, "vol talk dn: {before} -> {after} dBov");
}

/// Five digits and more go through the gateway.
async fn a_number_is_invited(far_end: &Phone, at_station: &Call, at_trunk: &Call) -> Call {
    at_station.press("*120001#").await.unwrap();
    let ringing = far_end.next_call(SOON).await.unwrap();
    assert_eq!(ringing.dialled, "20001");
    let at_far_end = ringing.answer().await.unwrap();
    for voice in [tones::TRUNK, tones::STATION, tones::INVITED] {
        at_far_end.wait_until_hears(voice, SOON).await.unwrap();
    }
    at_trunk.wait_until_hears(tones::FAR_END, SOON).await.unwrap();
    at_far_end
}

/// *2 takes the newest back, again the one before, then there is none left.
async fn invites_are_taken_back(at_station: &Call, newest: &Call, before: &Call) {
    at_station.press("*2").await.unwrap();
    newest.wait_ended(SOON).await.unwrap();
    assert!(before.state().ended.is_none());
    at_station.press("*2").await.unwrap();
    before.wait_ended(SOON).await.unwrap();
    pass(Duration::from_millis(500)).await;
    at_station.press("*2").await.unwrap();
    at_station.wait_until_hears(tones::prompt("ivr/no_invite.wav"), SOON).await.unwrap();
}

/// The trunk hangs up: the other hears that he is put out, then BYE, all within 3 s.
async fn the_room_ends_with_the_trunk(at_trunk: &Call, at_station: &Call) {
    at_trunk.hang_up();
    let hung_up = Instant::now();
    at_station.wait_until_hears(tones::prompt("conference/conf-kicked.wav"), SOON).await.unwrap();
    at_station.wait_ended(SOON).await.unwrap();
    assert!(hung_up.elapsed() < Duration::from_secs(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_station_leaves_and_the_trunk_is_alone_again() {
    the_station_leaves(Bridge::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_station_leaves_and_the_trunk_is_alone_again_as_imported() {
    the_station_leaves(Bridge::imported().await).await;
}

async fn the_station_leaves(bridge: Bridge) {
    let two = bridge.talking().await;
    two.at_station.hang_up();
    two.at_trunk.wait_until_hears(tones::prompt("conference/conf-exit.wav"), SOON).await.unwrap();
    two.at_trunk.wait_until_hears(tones::prompt(ALONE), SOON).await.unwrap();
    two.at_trunk.wait_until_hears(tones::prompt(MUSIC), SOON).await.unwrap();
    assert_whole("trunk", &two.at_trunk.stream_report());
    two.at_trunk.hang_up();
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_call_makes_a_fresh_room_while_the_old_one_ends() {
    a_new_call_while_the_old_room_ends(Bridge::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_call_makes_a_fresh_room_while_the_old_one_ends_as_imported() {
    a_new_call_while_the_old_room_ends(Bridge::imported().await).await;
}

async fn a_new_call_while_the_old_room_ends(bridge: Bridge) {
    let two = bridge.talking().await;
    two.at_trunk.hang_up();
    let second = bridge.trunk().await;
    let again = second.call("2002").await.unwrap();
    again.wait_answered(SOON).await.unwrap();
    let at_station = two.station.next_answered(SOON).await.unwrap();
    two.at_station.wait_ended(SOON).await.unwrap();
    at_station.wait_until_hears(tones::TRUNK, SOON).await.unwrap();
    assert!(again.state().ended.is_none());
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_that_does_not_take_the_call_leaves_the_trunk_with_music() {
    for status in [486, 603] {
        let bridge = Bridge::start().await;
        let refusing = bridge.caller("1004", tones::STATION).on_call(OnCall::Refuse(status));
        let _station = bridge.registered(refusing).await;
        let trunk = bridge.trunk().await;
        let at_trunk = trunk.call("2002").await.unwrap();
        at_trunk.wait_until_hears(tones::prompt(MUSIC), SOON).await.unwrap();
        pass(Duration::from_secs(1)).await;
        assert_eq!(at_trunk.state().ended, None, "{status}");
        at_trunk.wait_until_hears(tones::prompt(MUSIC), SOON).await.unwrap();
        assert_whole("trunk", &at_trunk.stream_report());
        bridge.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_numbers_lead_to_their_rooms() {
    other_numbers(Bridge::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_numbers_lead_to_their_rooms_as_imported() {
    other_numbers(Bridge::imported().await).await;
}

/// 2000 is for all phones; 2001 calls 1004 to a muted caller; 2003 asks for a PIN and mutes.
async fn other_numbers(bridge: Bridge) {
    let first = bridge.registered(bridge.caller("1001", tones::INVITED)).await;
    let alone = first.call("2000").await.unwrap();
    alone.wait_until_hears(tones::prompt(ALONE), SOON).await.unwrap();
    alone.hang_up();
    two_thousand_and_one(&bridge).await;
    let private = first.call("2003").await.unwrap();
    private.wait_until_hears(tones::prompt("conference/conf-pin.wav"), SOON).await.unwrap();
    private.press("7536").await.unwrap();
    private.wait_until_hears(tones::prompt(MUTED), SOON).await.unwrap();
    bridge.stop().await;
}

async fn two_thousand_and_one(bridge: &Bridge) {
    let station = bridge.answering("1004", tones::STATION).await;
    let trunk = bridge.trunk().await;
    let at_trunk = trunk.call("2001").await.unwrap();
    at_trunk.wait_until_hears(tones::STATION, SOON).await.unwrap();
    let at_station = station.next_answered(SOON).await.unwrap();
    at_station.wait_until_silent_of(tones::TRUNK, SOON).await.unwrap();
    at_trunk.press("0").await.unwrap();
    at_station.wait_until_hears(tones::TRUNK, SOON).await.unwrap();
    at_trunk.hang_up();
    at_station.wait_ended(SOON).await.unwrap();
}
