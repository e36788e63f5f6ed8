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
    assert!(has(&import, NoteKind::Mistake, "b.xml:1", "a document type (DTD)"));
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

#[test]
fn a_room_whose_pin_cannot_be_typed_does_not_stand_open() {
    let route = import_of_extension(
        r#"<condition field="destination_number" expression="^500$">
             <action application="conference" data="board+7x36"/>
           </condition>"#,
    );
    assert!(has(&route, NoteKind::LeftOut, "dialplan/public.xml:1", "its whole table is a comment now"));
    assert!(load(&route).conference.routes.is_empty());

    let profile =
        PROFILE.replace("name='default'/>", "name='default'><param name='pin' value='7x'/></profile>");
    let dialplan = "<context name='public'><extension name='x'>
        <condition field='destination_number' expression='^500$'><action application='conference' data='a'/></condition>
        </extension></context>";
    let profile = import_of(&[("dialplan/public.xml", dialplan), ("conference.conf.xml", &profile)]);
    let settings = load(&profile).conference;
    assert!(settings.profiles.is_empty() && settings.routes.is_empty(), "{}", profile.toml);
}

#[test]
fn transfers_are_followed_to_other_contexts() {
    let dialplan = r#"
        <context name="public">
          <extension name="did"><condition field="destination_number" expression="^5551212$">
            <action application="transfer" data="3000 XML default"/></condition></extension>
          <extension name="some"><condition field="destination_number" expression="^(301\d)$">
            <action application="transfer" data="$1 XML default"/></condition></extension>
          <extension name="nowhere"><condition field="destination_number" expression="^9$">
            <action application="transfer" data="8 XML default"/></condition></extension>
        </context>
        <context name="default">
          <extension name="rooms"><condition field="destination_number" expression="^(30\d{2})$">
            <action application="conference" data="$1-${domain_name}@default"/></condition></extension>
          <extension name="self"><condition field="destination_number" expression="^7$">
            <action application="transfer" data="7"/></condition></extension>
        </context>"#;
    let import = import_of(&[("dialplan/all.xml", dialplan), ("conference.conf.xml", PROFILE)]);
    let routes = load(&import).conference.routes;
    let shown: Vec<String> = routes.iter().map(|route| format!("{} {}", route.pattern, route.room)).collect();
    assert_eq!(shown, ["5551212 3000", "301X {number}", "30X{2} {number}"]);
    assert!(has(
        &import,
        NoteKind::LeftOut,
        "dialplan/all.xml:8",
        "`transfer 8 XML default` leads to no extension"
    ));
    assert!(has(&import, NoteKind::LeftOut, "dialplan/all.xml:14", "`transfer 7` leads to no extension"));
}

#[test]
fn no_condition_is_overlooked() {
    for (condition, words) in [
        (r#"wday="2-6" field="destination_number" expression="^5$">"#, "depends on the time"),
        (r#"regex="all"><regex field="destination_number" expression="^5$"/>"#, "several conditions in one"),
        (r#"field="destination_number" expression="^5$"><condition/>"#, "several conditions in one"),
    ] {
        let action = r#"<action application="conference" data="a"/>"#;
        let import = import_of_extension(&format!("<condition {condition}{action}</condition>"));
        assert!(has(&import, NoteKind::LeftOut, "dialplan/public.xml:1", words), "{words}");
        assert!(load(&import).conference.routes.is_empty(), "{words}");
    }
    let anti = import_of_extension(
        r#"<condition field="destination_number" expression="^5$"><action application="conference" data="a"/>
           <anti-action application="conference" data="b"/></condition>"#,
    );
    assert!(has(&anti, NoteKind::LeftOut, "dialplan/public.xml:2", "for all other numbers"));
}

#[test]
fn rooms_without_a_name_of_ours_are_told() {
    let import_to = |data: &str| {
        import_of_extension(&format!(
            r#"<condition field="destination_number" expression="^58(\d+)$"><action application="conference" data="{data}"/></condition>"#
        ))
    };
    for data in ["r$1@default", "${caller_id_number}@default"] {
        let import = import_to(data);
        assert!(
            has(&import, NoteKind::LeftOut, "dialplan/public.xml:1", "whose name only the call tells"),
            "{data}"
        );
        assert!(load(&import).conference.routes.is_empty());
    }
    let bridge = import_to("bridge:x:sofia/internal/a@b.example");
    assert!(has(&bridge, NoteKind::LeftOut, "dialplan/public.xml:1", "it calls somebody by `bridge:`"));
    assert!(has(
        &import_to("a room@default"),
        NoteKind::Changed,
        "dialplan/public.xml:1",
        "`a room` is `a-room`"
    ));
}

#[test]
fn what_stands_there_twice_counts_once() {
    let profiles = "<configuration name='conference.conf'>
        <caller-controls><group name='k'/><group name='k'/></caller-controls>
        <profiles><profile name='default'><parm/></profile>
        <profile name='default'/><profile/></profiles></configuration>";
    let sip = "<configuration name='sofia.conf'><profiles>
        <profile name='a'><settings><param name='sip-port' value='5060'/><param name='rtp-timeout-sec' value='x'/></settings></profile>
        <profile name='b'><settings><param name='sip-port' value='5080'/><param name='rtp-timeout-sec' value='9'/></settings></profile>
        </profiles></configuration>";
    let import = import_of(&[("conference.conf.xml", profiles), ("sip_profiles/a.xml", sip)]);
    let file = "conference.conf.xml";
    for (line, words) in
        [(2, "`k` is here twice"), (3, "`<parm>`"), (4, "`default` is here twice"), (4, "without a name")]
    {
        assert!(has(&import, NoteKind::Mistake, &format!("{file}:{line}"), words), "{words}");
    }
    assert!(has(&import, NoteKind::LeftOut, "sip_profiles/a.xml:2", "not a whole number"));
    assert_eq!(load(&import).conference.profiles.len(), 1);
}

#[test]
fn the_sounds_of_the_sample_are_our_own() {
    let profile = "<profile name='default'>
        <param name='sound-prefix' value='$${sounds_dir}/en/us/callie'/>
        <param name='moh-sound' value='silence'/><param name='member-flags' value='none'/></profile>";
    let import =
        import_of(&[("conference.conf.xml", &PROFILE.replace("<profile name='default'/>", profile))]);
    assert!(has(&import, NoteKind::Changed, "conference.conf.xml:2", "confab's own are played"));
    assert!(!import.toml.contains("moh-sound") && !import.toml.contains("\nsound-prefix"), "{}", import.toml);
    assert_eq!(import.notes.len(), 1, "{:?}", import.notes);
}

#[test]
fn includes_that_find_nothing_are_told() {
    let include = "<X-PRE-PROCESS cmd='include' data='DATA'/>";
    let all: String =
        ["gone.xml", "none/*.xml", "/etc/*.xml"].map(|data| include.replace("DATA", data)).join("\n");
    let import = import_of(&[("freeswitch.xml", &format!("<document><x/>{all}</document>"))]);
    assert!(has(&import, NoteKind::Mistake, "freeswitch.xml:1", "`gone.xml`, which is nowhere"));
    assert!(has(&import, NoteKind::LeftOut, "freeswitch.xml:3", "the files `/etc/*.xml`"));
    assert_eq!(import.notes.len(), 2);
}

#[test]
fn a_user_who_is_left_out_opens_no_route() {
    let user = |id: &str, params: &str| {
        format!(
            "<user id='{id}'><params>{params}</params><variables>\
             <variable name='user_context' value='inner'/></variables></user>"
        )
    };
    let password = "<param name='password' value='Ahd7-xoh4'/>";
    let users = [user("1001", password), user("1002", password), user("1003", "")].concat();
    let directory = format!("<include>{users}<user id='other'><params>{password}</params></user></include>");
    let dialplan = "<context name='inner'><extension name='x'>
        <condition field='destination_number' expression='^500$'><action application='conference' data='a'/></condition>
        </extension></context>";
    let import = import_of(&[
        ("directory/a.xml", &directory),
        ("dialplan/a.xml", dialplan),
        ("conference.conf.xml", PROFILE),
    ]);
    assert!(load(&import).dialplan().contains("as guest, only 1001-1002\n"), "{}", import.toml);
}

#[test]
fn where_every_profile_asks_for_a_password_nothing_is_open() {
    let dialplan = "<context name='public'><extension name='x'>
        <condition field='destination_number' expression='^500$'><action application='conference' data='a'/></condition>
        </extension></context>";
    let who = |auth: &str| {
        let sip = format!(
            "<configuration><profiles><profile name='a'><settings><param name='auth-calls' value='{auth}'/>
             </settings></profile></profiles></configuration>"
        );
        let files = [
            ("sip_profiles/a.xml", sip.as_str()),
            ("dialplan/a.xml", dialplan),
            ("conference.conf.xml", PROFILE),
        ];
        load(&import_of(&files)).dialplan()
    };
    assert!(who("true").contains("as guest, users only\n"), "{}", who("true"));
    assert!(who("false").contains("as guest\n"), "{}", who("false"));
}
