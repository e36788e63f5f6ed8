//! Members come and go by the thousand, and leave nothing behind.

use confab_conference::{Caller, ConferenceFlag, Input, Load, MemberFlag, Outcome};

use crate::meeting::{door, profile_of, settings};
use crate::script::Script;

/// Ways to come and go: each is one of ten thousand calls.
fn one_call(script: &mut Script, n: u64) {
    let number = n.to_string();
    let dialled = ["3001", "3002", "3003", "2000", "2001", "2003", "3004"][(n % 7) as usize];
    let caller = Caller { number, source: Some([198, 51, 100, (n % 200) as u8].into()), ..Caller::default() };
    let leg = script.arrive(caller, dialled);
    if !script.world.lines.contains_key(&leg) {
        return;
    }
    match n % 5 {
        0 => script.press(leg, "75360"),
        1 => script.press(leg, "0"),
        2 => script.hold(leg, true),
        3 => script.input(Input::Talking { leg, on: true }),
        _ => script.finish_all(),
    }
    if let Some(called) = script.world.dialled.last().map(|dialled| dialled.leg)
        && script.world.lines.contains_key(&called)
    {
        if n.is_multiple_of(2) {
            script.answer(called)
        } else {
            script.fail(called, Outcome::Busy)
        }
        script.hang_up(called);
    }
    match n % 3 {
        0 => script.input(Input::Lost { leg }),
        _ => script.hang_up(leg),
    }
    script.wait(n % 100);
}

#[test]
fn ten_thousand_joins_leave_nothing_behind() {
    let mut settings = settings(&[("1", "lock")], &[("0", "mute")]);
    door(&mut settings, "3002", &[MemberFlag::Ghost]);
    door(&mut settings, "3003", &[MemberFlag::WaitMarked]);
    door(&mut settings, "3004", &[MemberFlag::EndMarked, MemberFlag::DistDtmf, MemberFlag::EndConf]);
    let profile = profile_of(&mut settings);
    profile.ends.grace = std::time::Duration::from_secs(5);
    profile.ends.max_duration = Some(std::time::Duration::from_secs(360_000));
    profile.ends.silence = Some(std::time::Duration::from_secs(600));
    profile.flags = [ConferenceFlag::Rfc4579].into();
    let mut script = Script::with(settings);
    let (chair, lead) = (script.call("100", "3000"), script.call("101", "3004"));
    script.settle();
    let before = script.load();
    for n in 0..10_000 {
        one_call(&mut script, n);
        if n % 500 == 499 {
            script.settle();
            assert_eq!(script.load(), before, "after {n} calls");
        }
    }
    assert!(script.load().legs == 2 && !script.told("nobody talked"));
    assert!(script.events.iter().filter(|event| event.contains("joined")).count() > 8000);
    script.hang_up(lead);
    script.wait(5000);
    assert!(script.told("ended, nobody is left who leads it") && script.world.lines.contains_key(&chair));
    script.settle();
    assert_eq!(script.load(), Load::default());
    assert_eq!(script.conferences_timeout(), None);
    assert!(script.world.playing.is_empty() && script.world.clips.is_empty());
}

#[test]
fn strangers_who_guess_pins_in_ever_new_rooms_are_forgotten() {
    let mut settings = settings(&[], &[]);
    let mut route = crate::tutorial::route("X{6}", "r-{number}", "member");
    route.pins = Some(vec![confab_conference::PinRole::guest("1234".parse().unwrap())]);
    settings.routes.push(route);
    let mut script = Script::with(settings);
    for n in 0..2000u32 {
        let source = Some([10, 0, (n >> 8) as u8, n as u8].into());
        let caller = Caller { number: n.to_string(), source, ..Caller::default() };
        let leg = script.arrive(caller, &format!("{n:06}"));
        script.press(leg, "1111");
        script.hang_up(leg);
        script.wait(1000);
    }
    assert!(script.load().guessed_rooms <= 601, "those of the last ten minutes");
    assert_eq!(script.load().legs, 0);
}
