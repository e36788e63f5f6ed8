//! Caller controls: mute, volumes, energy, hold, and keys that do nothing.

use confab_conference::{Input, KeyMap, Settings};

use crate::script::Script;
use crate::tutorial;

#[test]
fn keys_step_and_speak_the_new_value() {
    let steps: [(&str, i8, &[&str]); 9] = [
        ("3", 1, &["digits/1.wav"]),
        ("333", 4, &["digits/4.wav"]),
        ("3", 4, &["digits/4.wav"]),
        ("2", 0, &["digits/0.wav"]),
        ("1", -1, &["minus", "digits/1.wav"]),
        ("111", -4, &["minus", "digits/4.wav"]),
        ("1", -4, &["minus", "digits/4.wav"]),
        ("3", -3, &["minus", "digits/3.wav"]),
        ("2", 0, &["digits/0.wav"]),
    ];
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    for (keys, step, spoken) in steps {
        script.press(station, keys);
        assert_eq!((script.world.lines[&station].talk, script.world.lines[&station].listen), (step, 0));
        assert_eq!(script.privately(station), spoken);
        assert!(script.privately(trunk).is_empty());
    }
    assert!(script.told("1004 talk volume -4"));
}

#[test]
fn listen_keys_change_what_he_hears() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    for (keys, step) in [("6", 1), ("66666", 4), ("5", 0), ("4", -1), ("4444", -4)] {
        script.press(station, keys);
        assert_eq!((script.world.lines[&station].talk, script.world.lines[&station].listen), (0, step));
    }
    assert_eq!(script.privately(station), ["minus", "digits/4.wav"]);
    assert!(script.told("1004 listen volume +4"));
}

#[test]
fn energy_keys_step_by_200_from_0_to_1800() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    let steps = [
        ("9", 300, "digits/1.wav"),
        ("7", 100, "digits/0.wav"),
        ("7", 0, "digits/0.wav"),
        ("7", 0, "digits/0.wav"),
        ("99999", 1000, "digits/5.wav"),
        ("99999", 1800, "digits/9.wav"),
        ("8", 100, "digits/0.wav"),
    ];
    for (keys, level, spoken) in steps {
        script.press(station, keys);
        assert_eq!(script.world.lines[&station].energy, level);
        assert_eq!(script.privately(station), [spoken]);
    }
}

#[test]
fn a_newer_state_is_told_in_place_of_the_older() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    script.press(station, "000");
    assert_eq!(script.privately(station), ["muted"]);
    script.press(station, "333");
    assert_eq!(script.privately(station), ["muted"], "prompts of one member never overlap");
    script.finish("muted");
    assert_eq!(script.privately(station), ["digits/3.wav"]);
    script.finish_all();
    assert!(script.privately(station).is_empty());
}

#[test]
fn a_lone_star_and_what_matches_nothing_do_nothing() {
    let mut script = Script::new();
    let (_, station) = script.conference();
    script.press(station, "*");
    script.wait(3000);
    script.press(station, "1");
    assert_eq!(script.world.lines[&station].talk, -1, "the 1 comes too late for *1");
    script.press(station, "*9");
    assert_eq!(script.world.lines[&station].energy, 300, "the 9 acts");
    script.press(station, "AD*");
    script.wait(3000);
    assert_eq!(script.world.dialled.len(), 1);
}

fn with_keys(bindings: &[(&str, &str)]) -> Settings {
    let mut settings = tutorial::settings();
    let bindings = bindings.iter().map(|(keys, action)| (*keys, vec![*action]));
    settings.roles.get_mut("station").unwrap().keys = KeyMap::new(bindings).unwrap();
    settings
}

#[test]
fn a_bound_star_acts_after_the_timeout() {
    let mut script =
        Script::with(with_keys(&[("*", "mute"), ("*1", "invite"), ("9", "energy up"), ("0", "mute")]));
    let (_, station) = script.conference();
    script.input(Input::Digit { leg: station, digit: '*' });
    script.wait(1499);
    assert!(script.speaks(station));
    script.wait(1);
    assert!(!script.speaks(station));
    script.press(station, "*9");
    assert!(script.speaks(station) && script.world.lines[&station].energy == 300, "both act");
    script.press(station, "*1");
    assert_eq!(script.hears(station), Some(-15));
}

#[test]
fn deaf_and_mute_on_and_off() {
    let mut script = Script::with(with_keys(&[
        ("0", "mute"),
        ("1", "deaf"),
        ("2", "deaf mute"),
        ("3", "mute on"),
        ("4", "mute off"),
    ]));
    let (_, station) = script.conference();
    script.press(station, "1");
    assert_eq!((script.speaks(station), script.hears(station)), (true, None));
    script.press(station, "1");
    assert_eq!(script.hears(station), Some(0));
    script.press(station, "2");
    assert_eq!((script.speaks(station), script.hears(station)), (false, None));
    script.press(station, "2");
    assert_eq!((script.speaks(station), script.hears(station)), (true, Some(0)));
    script.finish_all();
    script.press(station, "4");
    assert!(script.privately(station).is_empty(), "nothing changed, nothing to tell");
    script.press(station, "33");
    assert!(!script.speaks(station));
    script.press(station, "4");
    assert!(script.speaks(station) && script.told("1004 deaf") && script.told("1004 not deaf"));
}

#[test]
fn who_holds_is_not_heard_but_stays_a_member() {
    let mut script = Script::new();
    let (trunk, station) = script.conference();
    script.hold(station, true);
    script.hold(station, true);
    assert!(!script.speaks(station) && script.in_room(trunk).is_empty());
    script.hold(station, false);
    assert!(script.speaks(station));
    script.press(station, "0");
    script.hold(station, true);
    script.hold(station, false);
    assert!(!script.speaks(station), "still muted");
    let held = script.events.iter().filter(|event| event.contains("on hold"));
    assert_eq!(held.count(), 4);
}

#[test]
fn who_is_alone_and_holds_keeps_his_music() {
    let mut script = Script::new();
    let trunk = script.call("1", "2000");
    script.finish("alone");
    script.hold(trunk, true);
    assert_eq!(script.in_room(trunk), ["music"]);
}

#[test]
fn who_talks_is_told_once() {
    let mut script = Script::new();
    let (trunk, _) = script.conference();
    for on in [true, true, false] {
        script.input(Input::Talking { leg: trunk, on });
    }
    assert_eq!(script.events.iter().filter(|event| event.contains("talking")).count(), 2);
}

#[test]
fn sounds_that_are_not_configured_are_passed_over() {
    let mut settings = tutorial::settings();
    settings.profiles.get_mut("simpleconf").unwrap().sounds = Default::default();
    settings.roles.get_mut("station").unwrap().invite.as_mut().unwrap().sounds = Default::default();
    let mut script = Script::with(settings);
    let trunk = script.call("1", "2002");
    script.wait(500);
    let station = script.last_dialled().leg;
    script.answer(station);
    script.press(station, "03*112#");
    assert!(script.speaks(station));
    script.press(station, "*1");
    script.wait(5000);
    assert!(script.speaks(station));
    script.invited(station, "1005");
    script.hang_up(trunk);
    assert!(script.world.lines.is_empty() && script.world.rooms.is_empty());
}
