//! The configurations that come with the program, and the ones that are broken on purpose.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use confab_conference::{Codec, Cue, DialTarget, KeyAction, MemberFlag, Opus, Profile, Rate, Users};
use confab_sip::Transport;

use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config")
}

fn shipped(name: &str, overrides: &[&str]) -> Result<Config, Diagnostics> {
    let overrides: Vec<String> = overrides.iter().map(|argument| (*argument).into()).collect();
    load(&folder().join(name), &overrides)
}

fn tutorial(overrides: &[&str]) -> Result<Config, String> {
    shipped("tutorial.toml", overrides).map_err(|errors| errors.to_string())
}

/// The errors of a text that stands in a file `test.toml`.
fn errors(text: &str) -> String {
    read_text(Path::new("test.toml"), text.into(), &[]).1.unwrap_err().to_string()
}

#[test]
fn the_tutorial_is_the_deployment_that_it_describes() {
    let config = tutorial(&[]).unwrap();
    let address = ([127, 0, 0, 1], 5080).into();
    assert_eq!(config.sip.listen, [(Transport::Udp, address), (Transport::Tcp, address)]);
    assert_eq!(config.users.len(), 10);
    assert_eq!((config.users[9].name.as_str(), config.users[9].secret.expose()), ("1010", "1234"));
    assert_eq!((config.gateways[0].name.as_str(), config.gateways[0].port), ("mygw", 5090));
    assert!(!config.gateways[0].register);

    let conference = &config.conference;
    let profile = &conference.profiles["simpleconf"];
    assert_eq!(
        (profile.rate, profile.interval_ms, profile.energy_level, profile.pin_retries),
        (Rate::Fixed(8000), 20, 100, 3)
    );
    assert_eq!(profile.comfort_noise, Some(1400));
    assert_eq!(profile.sounds.of(Cue::Enter), ["conference/conf-welcome.wav"]);

    let numbers: Vec<String> = conference.routes.iter().map(|route| route.pattern.to_string()).collect();
    assert_eq!(numbers, ["2000", "2001", "2002", "2003", "2005"]);
    let complex = &conference.routes[2];
    assert_eq!((complex.room.to_string().as_str(), complex.role.as_str()), ("1004", "moderator"));
    assert_eq!(complex.answer_after, Duration::from_millis(500));
    assert!(complex.flags.contains(&MemberFlag::MandatoryMemberEndConf));
    assert!(complex.who.users == Users::Anyone && complex.pins.is_none());
    assert_eq!(complex.outcalls[0].targets, [DialTarget::User("1004".into())]);
    assert!(complex.outcalls[0].flags.contains(&MemberFlag::Mute) && complex.outcalls[0].role == "station");
    assert!(conference.routes[3].pins.is_some() && conference.routes[3].flags.contains(&MemberFlag::Mute));
}

#[test]
fn only_the_station_of_the_tutorial_may_invite() {
    let conference = tutorial(&[]).unwrap().conference;
    for (name, role) in &conference.roles {
        let invites = role.keys.bindings().any(|(_, actions)| actions.contains(&KeyAction::Invite));
        assert_eq!((invites, role.invite.is_some()), (name == "station", name == "station"), "{name}");
    }
    let invite = conference.roles["station"].invite.as_ref().unwrap();
    let targets = |number: &str| invite.plan.find(number).map(|entry| entry.targets(number));
    assert_eq!(targets("1005"), Some(vec![DialTarget::User("1005".into())]));
    let gateway = |number: &str| DialTarget::Gateway { gateway: "mygw".into(), number: number.into() };
    assert_eq!(targets("20001"), Some(vec![gateway("20001")]));
    assert_eq!(targets("02125551111"), Some(vec![gateway("02125551111")]));
    assert_eq!((targets("123"), targets("123456789012")), (None, None));
}

/// The profile of a text that has but this one, with these lines.
fn profile(lines: &str) -> Profile {
    let text = format!("[media]\ncodecs = 'G722'\n[profiles.a]\n{lines}\n");
    let mut config = read_text(Path::new("test.toml"), text, &[]).1.unwrap();
    config.conference.profiles.remove("a").unwrap()
}

#[test]
fn rates_and_codecs_of_a_profile() {
    assert_eq!(profile("rate = 'auto'").rate, Rate::Auto);
    assert_eq!(profile("rate = 32000").rate, Rate::Fixed(32_000));
    assert_eq!(profile("").line.codecs, [Codec::G722], "those of [media]");
    let line = profile("codecs = ['L16', 'OPUS']\nopus = { bitrate = 24000, fec = false }\nptime = 40").line;
    assert_eq!(line.codecs, [Codec::L16, Codec::Opus]);
    assert_eq!(line.opus, Opus { bitrate: 24_000, fec: false, ..Opus::default() });
    assert_eq!(line.ptime_ms, 40);
}

#[test]
fn freeswitchs_names_of_the_automatic_level_are_understood() {
    for (lines, agc) in [
        ("agc = true", Some(-26)),
        ("agc = -20", Some(-20)),
        ("auto-gain-level = true\nauto_gain_margin = 20", Some(-26)),
        ("auto-gain-level = 1100", Some(-27)),
        ("auto-gain-level = 0", None),
        ("agc = false\nauto-gain-level = 1100", None),
    ] {
        assert_eq!(profile(lines).voice.agc, agc, "{lines}");
    }
}

#[test]
fn the_numbers_of_the_load_generator_lead_to_rooms_of_their_own() {
    let conference = shipped("bench.toml", &[]).unwrap().conference;
    for (number, rate) in [
        ("9001", Rate::Fixed(8000)),
        ("80123", Rate::Fixed(8000)),
        ("9199", Rate::Fixed(48_000)),
        ("70000", Rate::Fixed(48_000)),
        ("9207", Rate::Auto),
    ] {
        let route = conference.routes.iter().find(|route| route.pattern.matches(number)).unwrap();
        assert_eq!(route.room.name(number, None, 0).unwrap().as_str(), number);
        let profile = &conference.profiles[&route.profile];
        assert_eq!((profile.rate, profile.interval_ms, profile.energy_level), (rate, 20, 100));
        assert_eq!(profile.comfort_noise, None);
        assert!(
            [Cue::Alone, Cue::Enter, Cue::Exit, Cue::Moh]
                .iter()
                .all(|cue| profile.sounds.of(*cue).is_empty())
        );
    }
}

#[test]
fn every_sound_of_the_shipped_files_is_there_and_of_the_right_kind() {
    for file in ["tutorial.toml", "confab.toml"] {
        let config = shipped(file, &[]).unwrap();
        let sounds = config.sound_names();
        assert!(sounds.len() > 25);
        // Only languages that put ones before tens need these two.
        let needed = |name: &str| !["digits/and.wav", "digits/ein.wav"].contains(&name);
        for (name, place) in sounds.into_iter().filter(|(name, _)| needed(name)) {
            let wav =
                fs::read(folder().join("sounds").join(name)).unwrap_or_else(|_| panic!("{place}: {name}"));
            assert_eq!(&wav[..4], b"RIFF", "{name}");
            let rate: u32 = if name.starts_with("help/") { 8000 } else { 16_000 };
            assert_eq!(wav[22..28], [&[1, 0][..], &rate.to_le_bytes()].concat(), "{name}: mono at {rate} Hz");
        }
    }
}

#[test]
fn a_sound_knows_the_line_that_names_it() {
    let config = tutorial(&[]).unwrap();
    let sounds = config.sound_names();
    let (_, place) = sounds.iter().find(|(name, _)| *name == "ivr/busy.wav").unwrap();
    assert!(place.ends_with(": roles.station.invite.busy-sound"), "{place}");
    assert!(place.contains("tutorial.toml:1"), "{place}");
    let (_, place) = sounds.iter().find(|(name, _)| *name == "digits/7.wav").unwrap();
    assert_eq!(place, "profiles.simpleconf.digits-folder");
}

#[test]
fn the_reference_file_has_every_key_there_is() {
    let path = folder().join("confab.toml");
    let (keys, config) = read_text(&path, fs::read_to_string(&path).unwrap(), &[]);
    if let Err(errors) = config {
        panic!("{errors}");
    }
    let absent: Vec<_> = keys.into_iter().filter(|(_, written)| !written).map(|(key, _)| key).collect();
    assert_eq!(absent, Vec::<String>::new());
}

#[test]
fn the_reference_file_shows_the_true_defaults() {
    let text = "[profiles.a]\n[gateways.g]\nhost = 'h'\n[roles.r.invite]\nrole = 'r'\n\
                [[users]]\nnames = 'u'\npassword = 'x7Gh2'\n";
    let bare = read_text(Path::new("test.toml"), text.into(), &[]).1.unwrap();
    let full = shipped("confab.toml", &[]).unwrap();
    assert_eq!(bare.sip.listen, full.sip.listen);
    assert_eq!(bare.sip.realm, full.sip.realm);
    assert_eq!(bare.sip.registrar, full.sip.registrar);
    assert_eq!(bare.security.limits, full.security.limits);
    assert_eq!((bare.media.address, &bare.media.ports), (full.media.address, &full.media.ports));
    assert_eq!((bare.media.workers, bare.log.filter), (full.media.workers, full.log.filter));
    assert_eq!((bare.media.pin, bare.media.headroom), (full.media.pin, full.media.headroom));
    assert_eq!(bare.conference.outcalls, full.conference.outcalls);
    assert_eq!(bare.users[0].max_contacts, full.users[0].max_contacts);
    assert_eq!(bare.gateways[0].expires, full.gateways[0].expires);
    let (a, b) = (&bare.conference.profiles["a"], &full.conference.profiles["simpleconf"]);
    assert_eq!(
        (a.energy_level, a.comfort_noise, a.pin_retries),
        (b.energy_level, b.comfort_noise, b.pin_retries)
    );
    assert_eq!((a.pin_timeout, a.digit_timeout), (b.pin_timeout, b.digit_timeout));
    assert_eq!((a.rate, a.interval_ms, &a.line, a.voice), (b.rate, b.interval_ms, &b.line, b.voice));
    assert_eq!((&bare.media.codecs, bare.media.silence), (&full.media.codecs, full.media.silence));
    assert_eq!(
        (&a.sounds.digits, &a.sounds.help, a.sounds.duck_db),
        (&b.sounds.digits, &b.sounds.help, b.sounds.duck_db)
    );
    assert_eq!((&a.ends, &a.confirm, &a.recording.path), (&b.ends, &b.confirm, &b.recording.path));
    assert_eq!((a.echo, a.announce_names), (b.echo, b.announce_names));
    assert_eq!((a.announce_count, a.announce_count_all), (b.announce_count, b.announce_count_all));
    assert_eq!((&a.flags, &a.member_flags, &a.language), (&b.flags, &b.member_flags, &b.language));
    assert_eq!((bare.sip.others, bare.users[0].options), (full.sip.others, full.users[0].options));
    assert_eq!(bare.gateways[0].options, full.gateways[0].options);
    let (a, b) = (&bare.conference.roles["r"].invite, &full.conference.roles["station"].invite);
    let (a, b) = (a.as_ref().unwrap(), b.as_ref().unwrap());
    assert_eq!((&a.entry, &a.limits), (&b.entry, &b.limits));
}

/// Each `broken/NAME.toml` has its errors, word for word, in `broken/NAME.expected`. With `UPDATE_EXPECTED=1`
/// in the environment the latter are written anew.
#[test]
fn broken_files_get_exactly_the_expected_errors() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder().join("broken")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(files.len() >= 20, "only {} broken files", files.len());
    for path in files {
        let name = PathBuf::from(path.file_name().unwrap());
        // The true folder counts for relative paths, the bare name for the messages.
        let text = fs::read_to_string(&path).unwrap();
        let Err(found) = read_text(&name, text, &[]).1 else { panic!("{} has no error", name.display()) };
        let expected = path.with_extension("expected");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, format!("{found}\n")).unwrap();
        }
        let wanted = fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(format!("{found}\n"), wanted, "{}", name.display());
    }
}

#[test]
fn overrides_replace_what_the_file_says() {
    let config = tutorial(&[
        "sip.listen=[\"udp:127.0.0.1:0\"]",
        "media.ports=30000-30099",
        "media.address=127.0.0.1",
        "sounds.dir=/x",
        "recording.dir=recordings",
        "recording.min-free=500",
        "routes.2002.answer_after=1s",
        "routes.0.room=other",
        "users.1001-1010.password=4711",
        "profiles.simpleconf.energy_level=300",
        "profiles.simpleconf.comfort-noise=false",
        "log.filter=debug",
        "roles.station.invite.deny=[\"1001\"]",
    ])
    .unwrap();
    assert_eq!(config.sip.listen, [(Transport::Udp, ([127, 0, 0, 1], 0).into())]);
    assert_eq!(config.media.ports, 30000..=30099);
    assert_eq!(config.sounds.dir, Some("/x".into()));
    assert_eq!(config.recording.dir, Path::new("recordings"));
    assert_eq!(config.recording.min_free, 500_000_000);
    assert_eq!(config.conference.routes[2].answer_after, Duration::from_secs(1));
    assert_eq!(config.conference.routes[0].room.to_string(), "other");
    assert_eq!(config.users[0].secret.expose(), "4711");
    assert_eq!(config.conference.profiles["simpleconf"].energy_level, 300);
    assert_eq!(config.conference.profiles["simpleconf"].comfort_noise, None);
    assert_eq!(config.log.filter, "debug");
    assert!(config.conference.roles["station"].invite.as_ref().unwrap().plan.find("1001").is_none());
}

#[test]
fn wrong_overrides_are_shown_with_their_text() {
    let shown = tutorial(&[
        "media.port=1-2",
        "nonsense",
        "routes.2009.room=x",
        "sip.listen.x=1",
        "media.workers=many",
    ]);
    let expected = "\
--set:1:1: media.port: there is no such key
 1 | media.port=1-2
   | ^^^^^^^^^^
  = did you mean `ports`?

--set:1:1: an override is KEY=VALUE
 1 | nonsense
   | ^^^^^^^^
  = for example: --set media.ports=20000-29999

--set:1:1: routes.2009.room: the list has no element `2009`
 1 | routes.2009.room=x
   | ^^^^^^^^^^^^^^^^

--set:1:1: sip.listen.x: the list has no element `x`
 1 | sip.listen.x=1
   | ^^^^^^^^^^^^

--set:1:15: media.workers: this is a string, not a whole number
 1 | media.workers=many
   |               ^^^^
  = allowed: 0 to 1024

5 errors in the configuration";
    assert_eq!(shown.unwrap_err(), expected);
}

#[test]
fn weak_passwords_are_refused_where_others_can_reach_us() {
    let open = "sip.listen=udp:192.0.2.1:5080";
    assert!(tutorial(&[open]).unwrap_err().contains("the password is one of those that are tried first"));
    assert!(
        tutorial(&[open, "users.0.password=1004"]).unwrap_err().contains("the password is the user's name")
    );
    assert!(tutorial(&[open, "users.0.password="]).unwrap_err().contains("the password is empty"));
    assert!(tutorial(&[open, "users.0.password=oNg5-thu7"]).is_ok());
    assert!(tutorial(&[open, "security.allow_weak_passwords=true"]).is_ok());
    assert!(tutorial(&["sip.listen=[\"udp:127.9.9.9:1\", \"tcp:[::1]:1\"]"]).is_ok());
    let both = "sip.listen=[\"udp:127.0.0.1:5080\", \"udp:[2001:db8::1]:5080\"]";
    assert!(tutorial(&[both]).is_err());
}

#[test]
fn nothing_that_is_shown_tells_a_secret() {
    let (password, pin) = ("oNg5-thu7-Eiw2", "735946");
    let overrides = [
        format!("users.0.password={password}"),
        format!("gateways.mygw.password={password}"),
        "gateways.mygw.username=us".into(),
        format!("routes.2003.pin={pin}"),
    ];
    let path = folder().join("tutorial.toml");
    let config = load(&path, &overrides).unwrap();
    for shown in [config.summary(), config.dialplan(), format!("{config:?}")] {
        assert!(!shown.contains(password) && !shown.contains(pin));
    }
    let bad = errors(&format!(
        "[[routes]]\npin = \"{pin}x\"\n[[users]]\npassword = \"{password}\"\npasswort = \"x\"\n"
    ));
    assert!(!bad.contains(password) && !bad.contains(pin), "{bad}");
}

#[test]
fn the_summary_says_what_was_understood() {
    let summary = tutorial(&["recording.dir=/r", "media.workers=2"]).unwrap().summary();
    for part in [
        "listening            udp:127.0.0.1:5080, tcp:127.0.0.1:5080\n",
        "users                10: 1001-1010\n",
        "gateway mygw         127.0.0.1:5090 over udp\n",
        "audio                127.0.0.1, ports 20000-29999 for 5000 calls, 2 workers\n",
        "20 % of their time kept free, then callers are refused\n",
        "profile simpleconf   8000 Hz, 20 ms, energy level 100, comfort noise 1400\n",
        "opus, G722, PCMU, PCMA, L16 (the caller's order among the widest), packets of 20 ms, \
         Opus at its own rate, complexity 5, FEC, jitter buffer up to 200 ms, \
         keys in the audio where there are no telephone-events\n",
        "a silent line is asked after 30s, on hold after 5m\n",
        "recordings           /r\n",
        "may invite X{4} as user, X{5,11} through mygw, as guest; 1 at one time, 5 in 10m\n",
    ] {
        assert!(summary.contains(part), "{part}\n{summary}");
    }
}

#[test]
fn the_summary_tells_what_is_done_to_voices() {
    let summary = tutorial(&[
        "profiles.simpleconf.rate=auto",
        "profiles.simpleconf.max-talkers=5",
        "profiles.simpleconf.agc=-20",
        "profiles.simpleconf.max-energy-level=9000",
        "profiles.simpleconf.codecs=[\"PCMA\"]",
        "profiles.simpleconf.inbound-codec-negotiation=greedy",
        "roles.guest.denoise=true",
        "roles.guest.agc=false",
    ]);
    let summary = summary.unwrap().summary();
    for part in [
        "the members' best rate, 20 ms, energy level 100, comfort noise 1400, the 5 loudest talkers\n",
        "PCMA (this order), packets of 20 ms, jitter buffer up to 200 ms, ",
        "speech is brought to -20 dBov, above 9000 for 10 frames muted for 2000 ms\n",
        "9 energy up; speech as it is; noise is taken out\n",
    ] {
        assert!(summary.contains(part), "{part}\n{summary}");
    }
}

#[test]
fn the_dialplan_has_a_line_for_each_number() {
    let expected = "\
what can be dialled:
  2000  room test, profile simpleconf, as guest
  2001  room 1004, profile simpleconf, as guest (muted), answered after 500ms; calls user/1004 as guest for 1m; ends the room on leaving
  2002  room 1004, profile simpleconf, as moderator, answered after 500ms; calls user/1004 as station (muted) for 1m; ends the room on leaving
  2003  room private, profile simpleconf, as guest (muted), with a PIN
  2005  room recorded, profile recorded, as guest
";
    assert_eq!(tutorial(&[]).unwrap().dialplan(), expected);
}

#[test]
fn a_file_that_cannot_be_read_is_one_error() {
    let shown = load(Path::new("/nowhere/confab.toml"), &[]).unwrap_err().to_string();
    assert!(shown.starts_with("/nowhere/confab.toml: cannot be read: "), "{shown}");
    assert!(shown.ends_with("1 error in the configuration"), "{shown}");
}

#[test]
fn a_password_may_be_in_a_file_and_paths_are_relative_to_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("secret"), "oNg5-thu7\nnot this\n").unwrap();
    let path = dir.path().join("c.toml");
    fs::write(&path, "[sounds]\ndir = 'wav'\n[[users]]\nnames = ['7', '08-09']\npassword_file = 'secret'\n")
        .unwrap();
    let config = load(&path, &[]).unwrap();
    assert_eq!(config.sounds.dir, Some(dir.path().join("wav")));
    assert_eq!(config.users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["7", "08", "09"]);
    assert!(config.users.iter().all(|user| user.secret.expose() == "oNg5-thu7"));
}

#[test]
fn what_peers_are_told_may_differ_from_what_is_bound() {
    let config = tutorial(&[
        "sip.advertise=192.0.2.7",
        "sip.listen=udp:0.0.0.0:5080",
        "media.address=0.0.0.0",
        "users=[]",
    ]);
    // Without users the route's outcall has nobody to call.
    assert!(config.unwrap_err().contains("there is no user `1004`"));
    let strong = "users.0.password=oNg5-thu7";
    let overrides =
        ["sip.advertise=192.0.2.7", "sip.listen=udp:0.0.0.0:5080", "media.address=0.0.0.0", strong];
    let config = tutorial(&overrides).unwrap();
    assert_eq!(config.sip.advertised(config.sip.listen[0].1), ([192, 0, 2, 7], 5080).into());
    assert_eq!(config.media.advertise, [std::net::IpAddr::from([192, 0, 2, 7])]);
}

#[test]
fn audio_may_be_shown_at_an_address_of_each_family() {
    let both = "media.advertise=[\"127.0.0.1\", \"::1\"]";
    let config = tutorial(&["media.address=::", both]).unwrap();
    assert_eq!(config.media.advertise.len(), 2);
    let refused = tutorial(&["media.address=127.0.0.1", both]).unwrap_err();
    assert!(refused.contains("audio for ::1 cannot come in at 127.0.0.1"), "{refused}");
    let refused = tutorial(&["media.address=0.0.0.0"]).unwrap_err();
    assert!(refused.contains("0.0.0.0 cannot be put into a session description"), "{refused}");
}

/// A text that has this line in the section that it is about.
fn with(section: &str, line: &str) -> Result<Config, Diagnostics> {
    let rest = "[controls.g]\n'0' = 'mute'\n[lists.l]\ncalls = [{ to = 'user/u' }]\n[[users]]\nnames = 'u'\npassword = 'x7Gh2'\n";
    let text = format!("[{section}]\n{line}\n{rest}");
    read_text(Path::new("test.toml"), text, &[]).1
}

#[test]
fn every_flag_is_accepted_where_flags_stand() {
    for (flag, name) in confab_conference::MemberFlag::NAMES {
        let config = with("profiles.p", &format!("member-flags = '{name}'")).unwrap();
        assert!(config.conference.profiles["p"].member_flags.contains(&flag), "{name}");
        let config = with("roles.r", &format!("flags = ['{name}']")).unwrap();
        assert!(config.conference.roles["r"].flags.contains(&flag), "{name}");
    }
    for (flag, name) in confab_conference::ConferenceFlag::NAMES {
        let config = with("profiles.p", &format!("conference-flags = '{name}'")).unwrap();
        assert!(config.conference.profiles["p"].has(flag), "{name}");
    }
}

#[test]
fn every_action_may_be_bound() {
    for (action, name) in KeyAction::NAMES {
        let data = match action {
            KeyAction::Transfer(_) => " 2000",
            KeyAction::Play(_) => " a.wav&b.wav",
            KeyAction::Event(_) => " hello",
            KeyAction::DialList(_) => " l",
            _ => "",
        };
        let line = format!("'1' = '{name}{data}'\n[profiles.p]\nmoderator-controls = 'k'");
        let config = with("controls.k", &line).unwrap_or_else(|errors| panic!("{errors}"));
        let bound = config.conference.profiles["p"].moderator_controls.actions().next().unwrap().1.name();
        assert_eq!(bound, name);
    }
}

#[test]
fn every_sound_has_a_key() {
    for (cue, name) in Cue::NAMES {
        let config = with("profiles.p", &format!("{name}-sound = 'tone_stream://%(100,0,440)'")).unwrap();
        assert_eq!(config.conference.profiles["p"].sounds.of(cue), ["tone_stream://%(100,0,440)"], "{name}");
        let config = with("profiles.p", &format!("{name}-sound = ''")).unwrap();
        assert!(config.conference.profiles["p"].sounds.of(cue).is_empty(), "{name}");
    }
}

/// Which key of a section a name of theirs stands for; a name that is not taken gets its documented hint.
#[test]
fn every_name_of_theirs_is_taken_or_answered() {
    use crate::names::{BRIDGE, Ours, PARAMS, Table, USER};
    let check = |section: &str, table: &Table| {
        for name in table.names {
            let said = with(section, &format!("{} = {{ }}", name.theirs)).unwrap_err().to_string();
            let refused = said.contains("there is no such key");
            match name.ours {
                Ours::Same | Ours::Key(_) => assert!(!refused, "{}: {said}", name.theirs),
                // These four may stand there without effect.
                Ours::Instead(_) if name.theirs.starts_with("auto-gain-") => assert!(!refused, "{said}"),
                _ => assert!(refused && said.contains(&table.hint(name.theirs).unwrap()), "{said}"),
            }
        }
    };
    check("profiles.p", &PARAMS);
    check("profiles.p", &BRIDGE);
    check("roles.r", &USER);
}

#[test]
fn every_flag_and_action_of_theirs_is_taken_or_answered() {
    use crate::names::{ACTIONS, CONFERENCE_FLAGS, MEMBER_FLAGS, MENU, Table};
    let check = |section: &str, table: &Table, line: &dyn Fn(&str) -> String| {
        for name in table.names {
            let said = with(section, &line(name.theirs)).err().map(|errors| errors.to_string());
            match table.hint(name.theirs) {
                None => assert!(said.is_none(), "{}: {said:?}", name.theirs),
                Some(hint) => assert!(said.is_some_and(|said| said.contains(&hint)), "{}", name.theirs),
            }
        }
    };
    check("profiles.p", &CONFERENCE_FLAGS, &|name| format!("conference-flags = '{name}'"));
    check("profiles.p", &MEMBER_FLAGS, &|name| format!("member-flags = '{name}'"));
    let data = |name: &str| match name {
        "transfer" => "transfer 2000".to_owned(),
        "execute_application" => "execute_application playback a.wav".to_owned(),
        "event" => "event hello".to_owned(),
        "playback" | "playback_and_continue" => format!("{name}(a.wav)"),
        name => name.to_owned(),
    };
    check("controls.k", &ACTIONS, &|name| format!("'1' = '{}'", data(name)));
    check("controls.k", &MENU, &|name| format!("'1' = '{}'", data(name)));
}

/// What our tables say is there, is there.
#[test]
fn the_names_that_we_have_for_theirs_exist() {
    use crate::names::{ACTIONS, MENU, Ours};
    for name in ACTIONS.names.iter().chain(MENU.names) {
        let ours = match name.ours {
            Ours::Same => name.theirs,
            Ours::Key(ours) => ours,
            _ => continue,
        };
        assert!(KeyAction::names().any(|known| known == ours), "{ours}");
    }
}

#[test]
fn tables_inherit_what_they_do_not_say() {
    let text = "[profiles.a]\nrate = 16000\nenergy-level = 300\nopus = { bitrate = 24000 }\npin = '735946'\n\
                [profiles.b]\ninherits = 'a'\nenergy-level = 200\nopus = { complexity = 3 }\n\
                [rooms.board]\nprofile = 'b'\nmax-members = 5\n[rooms.other]\ninherits = 'board'\npin = ''\n\
                [roles.r]\nmarked = true\ncontrols = 'k'\n[roles.s]\ntemplate = 'r'\n\
                [controls.base]\n'0' = 'mute'\n[controls.k]\ninherits = 'base'\n'1' = 'hangup'\n\
                [[routes]]\nname = 'one'\nnumber = '1'\nroom = 'r1'\nprofile = 'a'\nrole = 'r'\n\
                [[routes]]\ninherits = 'one'\nnumber = '2'\n";
    let config =
        read_text(Path::new("test.toml"), text.into(), &[]).1.unwrap_or_else(|errors| panic!("{errors}"));
    let settings = config.conference;
    let b = &settings.profiles["b"];
    assert_eq!((b.rate, b.energy_level, b.line.opus.bitrate), (Rate::Fixed(16_000), 200, 24_000));
    assert_eq!((b.line.opus.complexity, b.pins.len()), (3, 1));
    let board = &settings.rooms["board"].profile;
    assert_eq!((board.energy_level, board.max_members, board.pins.len()), (200, Some(5), 1));
    let other = &settings.rooms["other"].profile;
    assert_eq!((other.max_members, other.pins.len()), (Some(5), 0));
    let role = &settings.roles["s"];
    assert!(role.flags.contains(&MemberFlag::Marked) && role.keys.bindings().count() == 2);
    assert_eq!(settings.routes[1].room.to_string(), "r1");
}

#[test]
fn what_nobody_could_press_or_tell_apart_is_an_error_with_its_place() {
    for (text, place, words) in [
        (
            "[profiles.p]\npin = '735946'\nmoderator-pin = '735946'\n",
            ":3:17: profiles.p.moderator-pin: ",
            "is the same",
        ),
        (
            "[profiles.p]\npins = [{ pin = '735946' }, { pin = '735946' }]\n",
            "profiles.p.pins.1.pin: ",
            "is the same",
        ),
        (
            "[profiles.p]\ncaller-controls = 'k'\n[controls.k]\n'1' = 'mute all'\n",
            ":1:1: profiles.p: ",
            "moderator-controls",
        ),
        (
            "[profiles.p]\ninherits = 'q'\n[profiles.q]\ninherits = 'p'\n",
            ":2:12: profiles.p.inherits: ",
            "out of one",
        ),
        ("[profiles.p]\ninherits = 'x'\n", ":2:12: profiles.p.inherits: ", "in profiles"),
    ] {
        let errors = read_text(Path::new("test.toml"), text.into(), &[]).1.unwrap_err().to_string();
        assert!(errors.contains(place) && errors.contains(words), "{errors}");
        assert!(!errors.contains("735946"), "{errors}");
    }
}

#[test]
fn the_summary_tells_how_a_room_is_entered() {
    let text = "[profiles.p]\npin = '735946'\nmoderator-pin = '846057'\nconference-flags = 'lobby'\nauto-record = 'a.wav'\n\
                moderator-controls = 'k'\n[controls.k]\n'1' = 'mute all'\n[roles.r]\n[lookups.l]\nurl = 'http://127.0.0.1/'\n\
                [[users]]\nnames = '1001'\npassword = 'Ahd7-xoh4'\n\
                [[routes]]\nnumber = '1'\nroom = 'a'\nprofile = 'p'\nrole = 'r'\nlookup = 'l'\n\
                roles_by_user = { '1001' = 'r' }\n[[routes]]\nnumber = '2'\nroom = 'a'\nprofile = 'p'\nrole = 'r'\npin = ''\n";
    let config =
        read_text(Path::new("test.toml"), text.into(), &[]).1.unwrap_or_else(|errors| panic!("{errors}"));
    let summary = config.summary();
    for words in [
        "2 PINs with 3 tries",
        "room: lobby\n",
        "records itself\n",
        "moderators: keys 1 mute all\n",
        "role r               the room's keys\n",
        "1  room a, profile p, as r, 1001 as r, with a PIN, asks l\n",
        "2  room a, profile p, as r\n",
    ] {
        assert!(summary.contains(words), "{words}\n{summary}");
    }
}
