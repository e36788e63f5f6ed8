//! FreeSWITCH's configurations below `tests/freeswitch`, and broken ones.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/freeswitch").join(name)
}

fn import(name: &str) -> Import {
    freeswitch(&fixture(name)).unwrap()
}

/// An import of a folder that has these files.
fn import_of(files: &[(&str, &str)]) -> Import {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    freeswitch(folder.path()).unwrap()
}

/// The import of a dialplan with one extension of these conditions.
fn import_of_extension(conditions: &str) -> Import {
    let dialplan = format!("<context name='public'><extension name='x'>{conditions}</extension></context>");
    import_of(&[("dialplan/public.xml", &dialplan), ("conference.conf.xml", PROFILE)])
}

const PROFILE: &str =
    "<configuration name='conference.conf'><profiles><profile name='default'/></profiles></configuration>";

fn load(import: &Import) -> crate::Config {
    let path = Path::new("imported.toml");
    crate::read_text(path, import.toml.clone(), &[]).1.unwrap_or_else(|errors| panic!("{errors}"))
}

fn has(import: &Import, kind: NoteKind, place: &str, words: &str) -> bool {
    import.notes.iter().any(|note| {
        note.kind == kind && note.to_string().starts_with(place) && note.to_string().contains(words)
    })
}

/// Word for word; with `UPDATE_EXPECTED=1` in the environment it is written anew.
#[test]
fn the_seed_becomes_the_expected_configuration() {
    let expected = fixture("seed.toml");
    let found = import("seed").toml;
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&expected, &found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(expected).unwrap_or_default());
}

#[test]
fn the_seed_leads_where_the_tutorial_leads() {
    let config = load(&import("seed"));
    assert_eq!(config.users.len(), 10);
    let routes: Vec<String> =
        config.conference.routes.iter().map(|route| route.pattern.to_string()).collect();
    assert_eq!(routes, ["2000", "2003", "2005", "2001", "2002"]);
    let dialplan = config.dialplan();
    for line in [
        "2000  room test, profile simpleconf, as guest, users only\n",
        "2003  room private, profile simpleconf, as guest (muted), with a PIN, users only\n",
        "2001  room 1004, profile simpleconf, as guest (muted), answered after 500ms; \
         calls user/1004 as guest for 1m; ends the room on leaving\n",
        "2002  room 1004, profile simpleconf, as moderator, answered after 500ms; \
         calls user/1004 as inviter (muted) for 1m; ends the room on leaving\n",
    ] {
        assert!(dialplan.contains(line), "{line}\n{dialplan}");
    }
}

#[test]
fn every_mistake_of_the_seed_is_named_with_its_line() {
    let import = import("seed");
    for (place, words) in [
        ("autoload_configs/conference.conf.xml:39", "`ack-sound` does nothing"),
        ("autoload_configs/conference.conf.xml:44", "no param `vidio-fps`"),
        ("autoload_configs/conference.conf.xml:44", "did you mean `video-fps`?"),
        ("dialplan/default.xml:27", "numbers of 6 to 11 digits may be typed, but are never called"),
        ("scripts/complex_conf_agent.lua:9", "CANCEL_LAST_CALL__`, which is nowhere"),
        ("scripts/complex_voice_trunk_conference.lua:23", "complex_conf_hangup_hook.lua`, which is nowhere"),
        ("scripts/", "FreeSWITCH reads conference_utils_auto_outcall_flags"),
        ("scripts/simple_voice_trunk_conference.lua:22", "no flag of a member `hangup`"),
        ("vars.xml:6", "a command of the preprocessor in a comment"),
    ] {
        assert!(has(&import, NoteKind::Mistake, place, words), "{place} {words}");
    }
}

#[test]
fn what_the_seed_has_and_confab_has_not_is_listed() {
    let import = import("seed");
    for (place, words) in [
        ("autoload_configs/conference.conf.xml:45", "there is no video"),
        ("dialplan/default.xml:51", "`voicemail` leads into no conference"),
        ("dialplan/public.xml:19", "not on the number alone"),
        ("vars.xml:11", "STUN"),
    ] {
        assert!(has(&import, NoteKind::LeftOut, place, words), "{place} {words}");
    }
    assert!(has(&import, NoteKind::Changed, "sip_profiles/", "here it is loopback"));
    assert!(import.notes.iter().all(|note| import.toml.contains(&format!("# - {note}\n"))));
}

#[test]
fn no_note_tells_a_secret() {
    for note in import("seed").notes {
        let note = note.to_string();
        assert!(
            !note.contains("trunkpass") && !note.contains("7536") && !note.contains("oldsecret"),
            "{note}"
        );
    }
}

#[test]
fn usual_extensions_become_routes() {
    let rooms = import_of_extension(
        r#"<condition field="destination_number" expression="^(30\d{2}|3100)$">
             <action application="answer"/>
             <action application="conference" data="$1-${domain_name}@default"/>
           </condition>"#,
    );
    let routes = load(&rooms).conference.routes;
    let shown: Vec<String> = routes.iter().map(|route| format!("{} {}", route.pattern, route.room)).collect();
    assert_eq!(shown, ["30X{2} {number}", "3100 3100"]);
}

#[test]
fn flags_pins_and_outcalls_of_xml() {
    let import = import_of_extension(
        r#"<condition field="destination_number" expression="^500$">
             <action application="set" data="conference_member_flags=endconf|nomoh"/>
             <action application="set" data="conference_moderator_pin=987654"/>
             <action application="set" data="conference_auto_outcall_caller_id_number=500"/>
             <action application="set" data="conference_auto_outcall_caller_id_name=Board"/>
             <action application="set" data="conference_utils_auto_outcall_flags=deaf"/>
             <action application="conference_set_auto_outcall" data="sofia/gateway/gw/030|sofia/gateway/gw/040"/>
             <action application="conference" data="board+123456+flags{moderator|mintwo}"/>
           </condition>"#,
    );
    assert!(
        import
            .toml
            .contains("role = \"moderator\"\nflags = [\"mintwo\", \"endconf\", \"nomoh\"]\npin = \"123456\"")
    );
    assert!(import.toml.contains("moderator-pin = \"987654\""));
    assert!(import.toml.contains("caller_id = { number = \"500\", name = \"Board\" }\n"), "{}", import.toml);
    // There is no such gateway: the call is a comment, and the note says why.
    assert!(import.toml.contains("# to = [\"gateway/gw/030\", \"gateway/gw/040\"]"), "{}", import.toml);
    assert!(has(&import, NoteKind::LeftOut, "dialplan/public.xml:7", "there is no gateway `gw`"));
    assert!(load(&import).conference.routes[0].outcalls.is_empty());
}

#[test]
fn files_that_include_themselves_and_bombs_are_harmless() {
    let import = import_of(&[
        (
            "freeswitch.xml",
            "<document><X-PRE-PROCESS cmd='include' data='a.xml'/><X-PRE-PROCESS cmd='include' data='b.xml'/></document>",
        ),
        ("a.xml", "<include><x/><X-PRE-PROCESS cmd='include' data='*.xml'/></include>"),
        ("b.xml", "<!DOCTYPE a [<!ENTITY b 'bbbb'><!ENTITY c '&b;&b;&b;'>]><a>&c;</a>"),
    ]);
    assert!(has(&import, NoteKind::Mistake, "a.xml:1", "deep"));
    assert!(has(&import, NoteKind::Mistake, "b.xml:1", "this is not XML"));
}

#[test]
fn variables_that_grow_end_as_empty() {
    let doubled = "<X-PRE-PROCESS cmd='set' data='a=$${a}$${a}xxxxxxxx'/>".repeat(60);
    let vars = format!("<include>{doubled}</include>");
    let import = import_of(&[
        ("vars.xml", &vars),
        ("directory/a.xml", "<user id='$${a}'/>"),
        ("dialplan/a.xml", "<x/>"),
    ]);
    assert!(import.toml.len() < 100_000);
}

#[test]
fn nothing_outside_of_the_folder_is_included_or_run() {
    let import = import_of(&[(
        "freeswitch.xml",
        "<document><X-PRE-PROCESS cmd='include' data='/etc/*.xml'/><X-PRE-PROCESS cmd='exec' data='ls'/><x/></document>",
    )]);
    assert!(has(&import, NoteKind::LeftOut, "freeswitch.xml:1", "what the preprocessor does by `exec`"));
}

#[test]
fn a_folder_without_anything_of_freeswitchs_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(freeswitch(folder.path()).is_err());
    assert!(freeswitch(&folder.path().join("nowhere")).is_err());
}
