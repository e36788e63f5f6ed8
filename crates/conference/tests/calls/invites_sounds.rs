//! What an inviter, and nobody else, hears: each of the sounds of his plan.

use confab_conference::{Dialling, Input, InviteCue, InviteSounds, LegId, Outcome};

use crate::invites_setup::{begin, hunt, plan, redial, settings, target};
use crate::script::Script;

/// What the station hears after this; the trunk hears nothing of it.
fn heard(after: impl FnOnce(&mut Script, LegId)) -> Vec<String> {
    let mut settings = settings();
    plan(&mut settings).limits.pending_per_member = 1;
    hunt(&mut settings, &["1005"], redial(0, 30));
    let confirm = Dialling { confirm: Some(true), ..redial(1, 30) };
    plan(&mut settings).plan.allow[2].dialling = confirm;
    let (mut script, trunk, station) = begin(settings);
    after(&mut script, station);
    assert!(script.privately(trunk).is_empty());
    script.privately(station).into_iter().map(str::to_owned).collect()
}

/// What the station hears when its invite of 1005 ends so.
fn heard_after(outcome: Outcome) -> Vec<String> {
    heard(|script, station| {
        script.invite(station, "1005");
        script.fail(script.call_of("1005"), outcome);
    })
}

#[test]
fn sound_prompt() {
    assert_eq!(heard(|script, station| script.press(station, "*1")), ["prompt-sound"]);
}

#[test]
fn sound_invalid() {
    assert_eq!(heard(|script, station| script.invite(station, "12")), ["invalid-sound"]);
}

#[test]
fn sound_ringing_once() {
    let rings = |script: &mut Script, station| {
        script.invite(station, "1005");
        script.input(Input::Ringing { leg: script.call_of("1005") });
    };
    assert_eq!(heard(rings), ["ringing-sound"]);
    let again = heard(|script, station| {
        rings(script, station);
        script.settle_prompts();
        script.input(Input::Ringing { leg: script.call_of("1005") });
    });
    assert!(again.is_empty());
}

#[test]
fn sound_joined() {
    let joins = |script: &mut Script, station| {
        script.invite(station, "1005");
        script.answer(script.call_of("1005"));
    };
    assert_eq!(heard(joins), ["joined-sound"]);
}

#[test]
fn sound_busy() {
    assert_eq!(heard_after(Outcome::Busy), ["busy-sound"]);
}

#[test]
fn sound_redial() {
    let busy = |script: &mut Script, station| {
        script.invite(station, "20001");
        script.fail(script.call_of("20001"), Outcome::Busy);
    };
    assert_eq!(heard(busy), ["redial-sound"]);
}

#[test]
fn sound_declined() {
    assert_eq!(heard_after(Outcome::Declined), ["declined-sound"]);
}

#[test]
fn sound_no_answer() {
    assert_eq!(heard_after(Outcome::NoAnswer), ["no-answer-sound"]);
}

#[test]
fn sound_unreachable() {
    assert_eq!(heard_after(Outcome::Unreachable), ["unreachable-sound"]);
}

#[test]
fn sound_not_confirmed() {
    let machine = |script: &mut Script, station| {
        script.invite(station, "20001");
        script.answer(script.call_of("20001"));
        script.wait(20_000);
    };
    assert_eq!(heard(machine), ["not-confirmed-sound"]);
}

#[test]
fn sound_not_allowed() {
    assert_eq!(heard(|script, station| script.invite(station, "0012")), ["not-allowed-sound"]);
}

#[test]
fn sound_limit() {
    let two = |script: &mut Script, station| {
        script.invite(station, "1005");
        script.invite(station, "1006");
    };
    assert_eq!(heard(two), ["limit-sound"]);
}

#[test]
fn sound_already_here() {
    let twice = |script: &mut Script, station| {
        script.invite(station, "1005");
        script.answer(script.call_of("1005"));
        script.settle_prompts();
        script.invite(station, "1005");
    };
    assert_eq!(heard(twice), ["already-here-sound"]);
}

#[test]
fn sound_already_called() {
    let twice = |script: &mut Script, station| {
        script.invite(station, "1005");
        script.invite(station, "1005");
    };
    assert_eq!(heard(twice), ["already-called-sound"]);
}

#[test]
fn sound_cancelled() {
    let taken_back = |script: &mut Script, station| {
        script.invite(station, "1005");
        script.press(station, "*2");
    };
    assert_eq!(heard(taken_back), ["cancelled-sound"]);
}

#[test]
fn sound_none_left() {
    assert_eq!(heard(|script, station| script.press(station, "*2")), ["none-left-sound"]);
}

#[test]
fn sound_pending_and_the_numbers() {
    let listed = |script: &mut Script, station| {
        script.invite(station, "1005");
        script.press(station, "*3");
    };
    let digits = ["1", "0", "0", "5"].map(|digit| format!("digits/{digit}.wav"));
    assert_eq!(heard(listed)[1..], digits);
    assert_eq!(heard(listed)[0], "pending-sound");
}

#[test]
fn sound_none_pending() {
    assert_eq!(heard(|script, station| script.press(station, "*3")), ["none-pending-sound"]);
}

#[test]
fn sound_no_number() {
    assert_eq!(heard(|script, station| script.press(station, "*4")), ["no-number-sound"]);
}

/// Without a sound of its own, a cue is heard as the more general one.
#[test]
fn cues_without_a_sound_are_told_by_others() {
    use InviteCue::{AlreadyCalled, Busy, Limit, NoneLeft, NonePending, NotAllowed, Redial, Ringing};
    let sounds = [(Busy, "b"), (NotAllowed, "n"), (NoneLeft, "l")];
    let sounds: InviteSounds = sounds.map(|(cue, sound)| (cue, sound.to_owned())).into_iter().collect();
    let told = [Redial, Limit, AlreadyCalled, NonePending].map(|cue| sounds.sound(cue));
    assert_eq!(told, [Some("b"), Some("n"), Some("n"), Some("l")]);
    assert_eq!(sounds.sound(Ringing), None);
}

#[test]
fn targets_are_shown_as_they_are_written() {
    assert_eq!(target("1005").to_string(), "user/1005");
    assert_eq!(target("20001").to_string(), "gateway/mygw/20001");
}
