//! FreeSWITCH's params of a profile, each by its name: what is written is what the rules get.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::time::Duration;

use confab_conference::{AutoRecord, ConferenceFlag, EchoPolicy, LoudGuard, MemberFlag, Profile, Rate};

/// The profile that has these lines, in a file with some keys and a role.
fn profile(lines: &str) -> Profile {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.toml");
    let text =
        format!("[profiles.p]\n{lines}\n[controls.keys]\n'0' = 'mute'\n[roles.boss]\nflags = 'moderator'\n");
    fs::write(&path, text).unwrap();
    let mut config = confab_config::load(&path, &[]).unwrap_or_else(|errors| panic!("{errors}"));
    config.conference.profiles.remove("p").unwrap()
}

#[test]
fn profile_rate_is_fixed_or_follows_the_members() {
    assert_eq!(profile("rate = 16000").rate, Rate::Fixed(16_000));
    assert_eq!(profile("rate = 'auto'").rate, Rate::Auto);
}

#[test]
fn profile_interval_is_the_tick() {
    assert_eq!(profile("interval = 40").interval_ms, 40);
}

#[test]
fn profile_description_is_kept() {
    assert_eq!(profile("description = 'all hands'").description, "all hands");
}

#[test]
fn profile_energy_level_is_the_gate() {
    assert_eq!(profile("energy-level = 300").energy_level, 300);
    assert_eq!(profile("energy_level = 0").energy_level, 0);
}

#[test]
fn profile_auto_energy_level_lets_the_gate_follow() {
    assert!(profile("auto-energy-level = true").voice.auto_energy);
}

#[test]
fn profile_max_energy_level_guards_only_if_it_is_set() {
    let guard = Some(LoudGuard { level: 9000, hits: 10, mute_ms: 2000 });
    assert_eq!(profile("max-energy-level = 9000").voice.loud_guard, guard);
    assert_eq!(profile("max-energy-level = 0").voice.loud_guard, None);
}

#[test]
fn profile_max_energy_hit_trigger_is_how_often() {
    let guard = profile("max-energy-level = 9000\nmax-energy-hit-trigger = 3").voice.loud_guard.unwrap();
    assert_eq!(guard.hits, 3);
}

#[test]
fn profile_max_energy_level_mute_ms_is_how_long() {
    let guard = profile("max-energy-level = 9000\nmax-energy-level-mute-ms = 500").voice.loud_guard.unwrap();
    assert_eq!(guard.mute_ms, 500);
}

#[test]
fn profile_comfort_noise_is_a_level_or_none() {
    assert_eq!(profile("comfort-noise = 2000").comfort_noise, Some(2000));
    assert_eq!(profile("comfort-noise = false").comfort_noise, None);
}

#[test]
fn profile_caller_controls_are_a_group() {
    assert_eq!(profile("caller-controls = 'keys'").caller_controls.bindings().count(), 1);
    assert!(profile("caller-controls = 'none'").caller_controls.is_empty());
}

#[test]
fn profile_moderator_controls_are_a_group() {
    assert_eq!(profile("moderator-controls = ['keys']").moderator_controls.bindings().count(), 1);
}

#[test]
fn profile_ivr_dtmf_timeout_is_in_milliseconds() {
    assert_eq!(profile("ivr-dtmf-timeout = 700").digit_timeout, Duration::from_millis(700));
}

#[test]
fn profile_ivr_input_timeout_is_in_milliseconds() {
    assert_eq!(profile("ivr-input-timeout = 7000").pin_timeout, Duration::from_secs(7));
}

#[test]
fn profile_pin_is_asked_for_and_never_shown() {
    let pins = profile("pin = '735946'").pins;
    assert_eq!((pins.len(), &pins[0].role), (1, &None));
    assert_eq!(pins[0].pin, "735946".parse().unwrap());
    assert!(!format!("{pins:?}").contains("735946"));
    assert!(profile("pin = ''").pins.is_empty());
}

#[test]
fn profile_moderator_pin_gives_flag_and_role() {
    let pins = profile("moderator-pin = '846120'\nmoderator-role = 'boss'").pins;
    assert!(pins[0].flags.contains(&MemberFlag::Moderator));
    assert_eq!(pins[0].role.as_deref(), Some("boss"));
}

#[test]
fn profile_pin_retries_are_counted() {
    assert_eq!(profile("pin-retries = 5").pin_retries, 5);
}

#[test]
fn profile_max_members_is_a_limit() {
    assert_eq!((profile("max-members = 5").max_members, profile("").max_members), (Some(5), None));
}

#[test]
fn profile_member_flags_are_read_in_both_writings() {
    let flags = [MemberFlag::Mute, MemberFlag::NoMoh].into();
    assert_eq!(profile("member-flags = 'mute|nomoh'").member_flags, flags);
    assert_eq!(profile("member-flags = ['mute', 'nomoh']").member_flags, flags);
}

#[test]
fn profile_conference_flags_are_read_in_both_writings() {
    let flags = [ConferenceFlag::WaitMod, ConferenceFlag::AudioAlways].into();
    assert_eq!(profile("conference-flags = 'wait-mod|audio-always'").flags, flags);
    assert_eq!(profile("conference_flags = ['audio-always', 'wait_mod']").flags, flags);
}

#[test]
fn profile_endconf_grace_time_is_in_seconds() {
    assert_eq!(profile("endconf-grace-time = 60").ends.grace, Duration::from_secs(60));
}

#[test]
fn profile_terminate_on_silence_is_in_seconds() {
    assert_eq!(profile("terminate-on-silence = 300").ends.silence, Some(Duration::from_secs(300)));
    assert_eq!(profile("terminate-on-silence = 0").ends.silence, None);
}

#[test]
fn profile_auto_record_takes_freeswitchs_writing_of_times() {
    let plan =
        profile("auto-record = '${strftime(%Y/%m)}/${conference_name}_${strftime(%H%M%S)}.wav'").recording;
    assert_eq!(plan.path.to_string(), "%Y/%m/${conference_name}_%H%M%S.wav");
    assert_eq!(plan.start, AutoRecord::Members(1));
    assert_eq!(profile("auto-record = false").recording.start, AutoRecord::Never);
}

#[test]
fn profile_min_required_recording_participants_may_be_a_moderator() {
    let start = |least: &str| {
        profile(&format!("auto-record = 'x.wav'\nmin-required-recording-participants = {least}"))
            .recording
            .start
    };
    assert_eq!((start("2"), start("'moderator'")), (AutoRecord::Members(2), AutoRecord::Moderator));
}

#[test]
fn profile_recording_metadata_is_kept() {
    assert_eq!(profile("recording-metadata = 'case 17'").recording.metadata.as_deref(), Some("case 17"));
}

#[test]
fn profile_announce_count_counts_from_one_on() {
    assert_eq!(profile("announce-count = 3").announce_count, Some(3));
    assert_eq!(profile("announce-count = 0").announce_count, None);
}

#[test]
fn profile_caller_id_name_goes_with_the_number() {
    let id = profile("caller-id-number = '2000'\ncaller-id-name = 'Conference'").caller_id.unwrap();
    assert_eq!((id.number.as_str(), id.name.as_deref()), ("2000", Some("Conference")));
}

#[test]
fn profile_caller_id_number_may_stand_alone() {
    assert_eq!(profile("caller-id-number = '2000'").caller_id.unwrap().name, None);
}

#[test]
fn profile_sound_prefix_is_put_before_paths_only() {
    let sounds = profile("sound-prefix = 'en'\nenter-sound = ['a.wav', 'say:hello']").sounds;
    assert_eq!(sounds.of("enter".parse().unwrap()), ["en/a.wav", "say:hello"]);
}

#[test]
fn echo_has_a_policy() {
    assert_eq!(profile("echo = 'duck'").echo, EchoPolicy::Duck);
}
