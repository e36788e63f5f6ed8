//! Rooms named by the number, and what a profile and a role do to a voice.

use confab_conference::{Control, Input, LoudGuard, Rate, Role, Route, Settings, Voice};

use crate::script::Script;
use crate::tutorial;

fn numbered() -> Settings {
    let team = Route { room: "team-{number}".parse().unwrap(), ..tutorial::route("30XX", "x", "guest") };
    let star = Route { room: "{number}".parse().unwrap(), ..tutorial::route("*9X", "x", "guest") };
    Settings { routes: vec![team, star], ..tutorial::settings() }
}

#[test]
fn each_number_of_a_pattern_is_a_room_of_its_own() {
    let mut script = Script::with(numbered());
    let [a, b, c] = ["3001", "3002", "3001"].map(|dialled| script.call("1", dialled));
    let room = |leg| script.world.lines[&leg].room;
    assert!(room(a).is_some() && room(a) == room(c) && room(a) != room(b));
    assert!(script.told("room team-3001: 1 joined") && script.told("room team-3002: 1 joined"));
}

#[test]
fn a_number_that_names_no_room_is_unknown() {
    let mut script = Script::with(numbered());
    let leg = script.call("1", "*98");
    assert_eq!(script.world.rejected[&leg], 404);
}

#[test]
fn a_role_overrides_what_the_profile_does_to_a_voice() {
    let guard = LoudGuard { level: 9000, hits: 5, mute_ms: 2000 };
    let mut settings = tutorial::settings();
    let profile = settings.profiles.get_mut("simpleconf").unwrap();
    profile.rate = Rate::Auto;
    profile.voice = Voice { agc: Some(-26), denoise: true, auto_energy: true, loud_guard: Some(guard) };
    let quiet = Role { name: "quiet".to_owned(), agc: Some(None), denoise: Some(false), ..Role::default() };
    settings.roles.insert("quiet".to_owned(), quiet);
    settings.routes.push(tutorial::route("2010", "test", "quiet"));
    let mut script = Script::with(settings);
    let (guest, quiet) = (script.call("1", "2000"), script.call("2", "2010"));
    let both = [Control::AutoEnergy(true), Control::LoudGuard(Some(guard))];
    assert_eq!(script.world.lines[&quiet].voice, both);
    let all = [both[0], Control::Agc(Some(-26)), Control::Denoise(true), both[1]];
    assert_eq!(script.world.lines[&guest].voice, all);
    script.input(Input::TooLoud { leg: guest });
    assert!(script.told("room test: 1 is too loud and muted for 2000 ms"));
}

#[test]
fn nothing_is_done_to_voices_unless_the_profile_says_so() {
    let mut script = Script::new();
    let leg = script.call("1", "2000");
    assert!(script.world.lines[&leg].voice.is_empty());
}

#[test]
fn a_line_that_is_dead_leaves_like_a_member() {
    let mut script = Script::new();
    let leg = script.call("1", "2000");
    script.wait(1000);
    script.input(Input::Lost { leg });
    assert!(script.told("room test: 1 left, line dead, 0 in the room"));
}
