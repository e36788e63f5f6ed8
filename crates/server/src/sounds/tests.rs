use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;
use std::time::Duration;

use confab_codec::Law;
use confab_conference::{Listener, Profile, Rate, RoomId, Settings};
use confab_config::SayConfig;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;

/// A WAV file that lasts so many ms.
fn wav(rate: u32, channels: u16, ms: u32) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for n in 0..rate * ms / 1000 * u32::from(channels) {
        writer.write_sample((n % 100) as i16).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// A folder with sounds of these names; each lasts so many ms at 8 kHz.
fn folder(files: &[(&str, u32)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, ms)| write(&folder, name, &wav(8000, 1, *ms)));
    folder
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) {
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// The settings of rooms of these rates.
fn settings(rates: &[Rate]) -> Settings {
    let profile = |rate: &Rate| Profile { rate: *rate, ..Profile::default() };
    let profiles = rates.iter().enumerate().map(|(n, rate)| (n.to_string(), profile(rate)));
    Settings { profiles: profiles.collect::<BTreeMap<_, _>>(), ..Settings::default() }
}

fn reader(dir: Option<&Path>) -> Reader {
    Reader::new(dir.map(Path::to_owned), &settings(&[Rate::Fixed(8000)]))
}

fn library(dir: Option<&Path>, say: &[&str]) -> (Library, UnboundedReceiver<Loaded>) {
    let say = (!say.is_empty()).then(|| SayConfig {
        command: say.iter().map(|argument| (*argument).to_owned()).collect(),
        voice: String::new(),
        timeout: Duration::from_secs(5),
    });
    let (sender, loaded) = unbounded_channel();
    (Library::new(reader(dir), Speaker::new(say), sender), loaded)
}

fn request(playback: u64, names: &[&str], language: &str) -> Request {
    Request {
        playback: PlaybackId(playback),
        to: Listener::Room(RoomId(1)),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        language: language.to_owned(),
        repeat: false,
        duck_db: 6,
    }
}

/// How long each sound of a name lasts, ms, and what is wrong with it.
fn lengths(reader: &Reader, name: &str, language: &str) -> (Vec<usize>, Vec<String>) {
    let read = reader.read(name, language);
    let lengths = read.track.sounds().iter().map(|sound| sound.at(8000).len() / 8).collect();
    (lengths, read.errors.iter().map(ToString::to_string).collect())
}

/// How long each sound of a playback lasts, ms.
fn played(ready: &Ready) -> Vec<usize> {
    ready.sounds.iter().map(|sound| sound.at(8000).len() / 8).collect()
}

#[test]
fn every_built_in_sound_is_playable_and_together_they_are_small() {
    let reader = reader(None);
    for (name, _) in builtin::ALL {
        let (lengths, errors) = lengths(&reader, name, "");
        assert!(
            errors.is_empty() && lengths.len() == 1 && lengths[0] > 100,
            "{name}: {lengths:?} ms, {errors:?}"
        );
    }
    assert!(builtin::ALL.is_sorted_by_key(|(name, _)| name), "they are searched");
    let bytes: usize = builtin::ALL.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes < 6_000_000, "{bytes}");
}

#[test]
fn every_sound_that_a_profile_has_by_itself_is_built_in() {
    for name in confab_conference::Sounds::built_in().all() {
        assert!(builtin::find(&name).is_some(), "{name}");
    }
}

#[tokio::test]
async fn every_sound_of_the_shipped_files_is_built_in() {
    for file in ["tutorial.toml", "confab.toml"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config").join(file);
        let config = confab_config::load(&path, &[]).unwrap();
        let (_, silent) = Library::of(&config, unbounded_channel().0);
        assert_eq!(silent, [""; 0], "{file}");
    }
}

#[test]
fn a_sound_comes_out_at_the_rooms_rate() {
    for rate in [1000, 8000, 11_025, 44_100, 48_000, 192_000] {
        let folder = folder(&[]);
        write(&folder, "a.wav", &wav(rate, 2, 1000));
        let reader = Reader::new(Some(folder.path().into()), &settings(&[Rate::Auto]));
        let track = reader.read("a.wav", "").track;
        for room in [8000, 48_000] {
            let length = track.sounds()[0].at(room).len();
            assert!(length.abs_diff(room as usize) <= 10, "{length} samples of {rate} Hz at {room} Hz");
        }
    }
}

#[test]
fn no_more_is_held_than_rooms_can_play() {
    let folder = folder(&[]);
    write(&folder, "a.wav", &wav(48_000, 1, 1000));
    let narrow = reader(Some(folder.path())).read("a.wav", "").track;
    assert_eq!(narrow.octets(), 2 * 8000);
    let auto = Reader::new(Some(folder.path().into()), &settings(&[Rate::Auto]));
    assert_eq!(auto.read("a.wav", "").track.octets(), 2 * (8000 + 16_000 + 48_000));
}

#[test]
fn a_file_may_be_companded() {
    let folder = folder(&[]);
    let mut octets = vec![0; 8000];
    Law::Mu.encode(&vec![1000; 8000], &mut octets);
    let mut file =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x07\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data".to_vec();
    file.extend(8000_u32.to_le_bytes());
    file.extend(octets);
    write(&folder, "a.wav", &file);
    assert_eq!(lengths(&reader(Some(folder.path())), "a.wav", ""), (vec![1000], vec![]));
}

#[test]
fn a_folder_is_its_sounds_by_name() {
    let folder =
        folder(&[("moh/b.wav", 200), ("moh/a.wav", 100), ("moh/.hidden.wav", 50), ("moh/c/d.wav", 50)]);
    write(&folder, "moh/readme.md", b"no sound");
    write(&folder, "moh/c.flac", b"broken");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let reader = reader(Some(folder.path()));
    let (lengths_of, errors) = lengths(&reader, "moh", "");
    assert_eq!(lengths_of, [100, 200]);
    assert_eq!(errors, ["moh/c.flac: no WAV, Ogg Opus or FLAC file"]);
    assert_eq!(lengths(&reader, "empty", "").1, ["empty: there is no sound in it"]);
}

#[test]
fn a_list_names_sounds_from_its_folder() {
    let folder = folder(&[("moh/b.wav", 200), ("moh/a.wav", 100)]);
    let list = "\u{feff}#EXTM3U\r\nb.wav\r\n\r\ntone_stream://%(50,25,400)\nsilence_stream://40\na.wav\n";
    write(&folder, "moh/list.m3u", list.as_bytes());
    let reader = reader(Some(folder.path()));
    assert_eq!(lengths(&reader, "moh/list.m3u", ""), (vec![200, 75, 40, 100], vec![]));
    write(&folder, "bad.txt", b"../a.wav\nmoh/a.wav\nbad.txt\n/etc/passwd\nsay:x\n");
    let (lengths_of, errors) = lengths(&reader, "bad.txt", "");
    assert_eq!(lengths_of, [100]);
    assert_eq!(errors.len(), 4, "{errors:?}");
    write(&folder, "long.txt", "a.wav\n".repeat(1001).as_bytes());
    assert_eq!(lengths(&reader, "long.txt", "").1, ["long.txt: more than 1000 sounds"]);
    write(&folder, "large.txt", "silence_stream://1000\n".repeat(1000).as_bytes());
    let mut reader = reader;
    reader.most = 160_000;
    assert!(lengths(&reader, "large.txt", "").1[0].contains("too long to be held in memory"), "above 10 s");
}

#[test]
fn tones_and_silence_are_made() {
    let folder = folder(&[]);
    write(&folder, "ring.ttml", b"v=-13\n%(400,200,440)\n");
    let reader = reader(Some(folder.path()));
    assert_eq!(lengths(&reader, "tone_stream://%(200,0,500,600,700)", ""), (vec![200], vec![]));
    assert_eq!(lengths(&reader, "tone_stream://%(500,500,480,620);loops=-1", "").0, [60_000]);
    assert_eq!(lengths(&reader, "tone_stream://path=ring.ttml", "").0, [600]);
    assert_eq!(lengths(&reader, "silence_stream://250", "").0, [250]);
    assert_eq!(lengths(&reader, "silence_stream://-1", "").0, [60_000]);
    let noise = reader.read("silence_stream://1000,1400", "").track;
    let loudest = noise.sounds()[0].at(8000).iter().map(|sample| sample.saturating_abs()).max();
    assert!((15..40).contains(&loudest.unwrap()), "{loudest:?}");
    for (name, error) in [
        ("tone_stream://%(1)", "tone_stream://%(1): \"%(1)\" is not %(ms, ms, Hz, …)"),
        (
            "silence_stream://x",
            "silence_stream://x: it takes a time in ms, and perhaps a comma and a level of noise",
        ),
        (
            "shout://x",
            "shout://x: there are no sounds of this kind; there are tone_stream://, silence_stream:// and say:",
        ),
    ] {
        assert_eq!(lengths(&reader, name, "").1, [error]);
    }
}

#[test]
fn the_listeners_language_comes_first() {
    let folder = folder(&[
        ("a.wav", 100),
        ("de/a.wav", 200),
        ("moh/1.wav", 10),
        ("de/moh/1.wav", 20),
        ("de/moh/2.wav", 30),
    ]);
    let reader = reader(Some(folder.path()));
    assert_eq!(lengths(&reader, "a.wav", "de").0, [200]);
    assert_eq!(lengths(&reader, "a.wav", "fr").0, [100]);
    assert_eq!(lengths(&reader, "a.wav", "../..").0, [100], "no language leads out of the folder");
    assert_eq!(lengths(&reader, "moh", "de").0, [20, 30]);
    assert!(reader.has("de", "a.wav") && !reader.has("fr", "a.wav") && !reader.has("", "a.wav"));
}

#[test]
fn what_is_not_in_the_folder_comes_from_the_program() {
    let folder = folder(&[("ivr/busy.wav", 77)]);
    let reader = reader(Some(folder.path()));
    assert_eq!(lengths(&reader, "ivr/busy.wav", "").0, [77]);
    let lent = reader.read("ivr/declined.wav", "");
    assert!(lent.lent && !lent.track.is_empty() && !reader.read("ivr/busy.wav", "").lent);
}

#[test]
fn what_cannot_be_played_is_named() {
    let folder = folder(&[]);
    write(&folder, "text.wav", b"no RIFF here");
    write(&folder, "slow.wav", &wav(900, 1, 100));
    write(&folder, "long.wav", &wav(1000, 1, 601_000));
    let reader = reader(Some(folder.path()));
    let gone = folder.path().join("gone.wav");
    for (name, error) in [
        ("gone.wav", format!("{}: entity not found", gone.display())),
        ("text.wav", "text.wav: no WAV, Ogg Opus or FLAC file".into()),
        ("slow.wav", "slow.wav: 900 Hz, where 1000 to 192000 can be played".into()),
        ("long.wav", "long.wav: longer than 600 s".into()),
        ("../x.wav", "../x.wav: not a path below sounds.dir".into()),
        ("/etc/passwd", "/etc/passwd: not a path below sounds.dir".into()),
    ] {
        assert_eq!(lengths(&reader, name, ""), (vec![], vec![error]));
    }
    let built_in = super::tests::reader(None);
    assert!(lengths(&built_in, "x.wav", "").1[0].starts_with("x.wav: no such sound is built in"));
}

#[tokio::test]
async fn what_is_at_hand_is_played_at_once_and_what_is_silent_is_left_out() {
    let (mut library, _loaded) = library(None, &[]);
    library.name_sound("ivr/busy.wav", &languages_of(&[]), &mut BTreeSet::new());
    assert_eq!(library.name_sound("gone.wav", &languages_of(&[]), &mut BTreeSet::new()).len(), 1);
    let ready = library.play(request(1, &["ivr/busy.wav", "gone.wav", "clip://5"], "de")).unwrap();
    assert_eq!((ready.sounds.len(), ready.request.duck_db), (1, 6));
    assert_eq!(library.play(request(2, &["gone.wav"], "")).unwrap().sounds.len(), 0);
}

fn languages_of(languages: &[&str]) -> BTreeSet<String> {
    languages.iter().copied().chain([""]).map(str::to_owned).collect()
}

#[tokio::test]
async fn named_sounds_are_there_in_each_language() {
    let folder = folder(&[("a.wav", 100), ("de/a.wav", 200)]);
    let (mut library, _loaded) = library(Some(folder.path()), &[]);
    let errors = library.name_sound("a.wav", &languages_of(&["de", "fr"]), &mut BTreeSet::new());
    assert!(errors.is_empty());
    std::fs::remove_dir_all(folder.path()).unwrap();
    for (language, length) in [("", 100), ("de", 200), ("fr", 100)] {
        assert_eq!(played(&library.play(request(1, &["a.wav"], language)).unwrap()), [length], "{language}");
    }
}

#[tokio::test]
async fn a_playback_waits_for_what_is_loaded_beside() {
    let folder = folder(&[("a.wav", 100), ("b.wav", 200)]);
    let (mut library, mut loaded) = library(Some(folder.path()), &[]);
    assert!(library.play(request(1, &["a.wav", "b.wav", "a.wav"], "")).is_none());
    assert!(library.play(request(2, &["b.wav"], "")).is_none());
    assert!(library.play(request(3, &["b.wav"], "")).is_none());
    library.cancel(PlaybackId(3));
    let mut ready = Vec::new();
    for _ in 0..2 {
        ready.extend(library.loaded(loaded.recv().await.unwrap()));
    }
    ready.sort_by_key(|ready| ready.request.playback);
    assert_eq!(ready.iter().map(played).collect::<Vec<_>>(), [vec![100, 200, 100], vec![200]]);
    assert!(loaded.try_recv().is_err(), "each is loaded once");
    assert!(library.play(request(4, &["a.wav"], "")).is_some(), "and kept");
}

#[tokio::test]
async fn a_text_is_spoken_once_in_each_language() {
    let folder = folder(&[]);
    let spoken = folder.path().join("spoken.wav");
    std::fs::write(&spoken, wav(16_000, 1, 300)).unwrap();
    let log = folder.path().join("log");
    let script = format!("echo \"$1 $2\" >> {}; cat {}", log.display(), spoken.display());
    let (mut library, mut loaded) = library(None, &["sh", "-c", &script, "-", "{language}", "{text}"]);
    for (playback, language) in [(1, ""), (2, ""), (3, "de")] {
        assert!(library.play(request(playback, &["say:hello"], language)).is_none());
    }
    let mut ready = library.loaded(loaded.recv().await.unwrap());
    ready.extend(library.loaded(loaded.recv().await.unwrap()));
    assert_eq!(ready.iter().map(played).collect::<Vec<_>>(), [[300]; 3]);
    assert!(library.play(request(4, &["say:hello"], "de")).is_some());
    let log = std::fs::read_to_string(log).unwrap();
    let lines: BTreeSet<&str> = log.lines().collect();
    assert_eq!((log.lines().count(), lines), (2, ["de hello", "en hello"].into()));
}

#[tokio::test]
async fn a_text_of_the_configuration_is_spoken_at_the_start() {
    let folder = folder(&[]);
    let spoken = folder.path().join("spoken.wav");
    std::fs::write(&spoken, wav(8000, 1, 300)).unwrap();
    let (mut speaking, mut loaded) = library(None, &["cat", &spoken.to_string_lossy(), "{text}"]);
    assert!(speaking.name_sound("say:/dev/null", &languages_of(&[]), &mut BTreeSet::new()).is_empty());
    speaking.prepare().unwrap();
    assert!(speaking.play(request(1, &["say:/dev/null"], "")).is_none());
    assert_eq!(speaking.loaded(loaded.recv().await.unwrap()).len(), 1);
    assert_eq!(speaking.named.len(), 1, "it is kept for ever");
    let (mut mute, _) = library(None, &[]);
    let errors = mute.name_sound("say:x", &languages_of(&[]), &mut BTreeSet::new());
    assert_eq!(errors[0].to_string(), "say:x: nothing speaks; set say.command");
}

#[tokio::test]
async fn what_fails_is_silent_and_tried_again() {
    let (mut library, mut loaded) = library(None, &["false", "{text}"]);
    for playback in 1..3 {
        assert!(library.play(request(playback, &["say:x"], "")).is_none());
        let ready = library.loaded(loaded.recv().await.unwrap());
        assert_eq!((ready.len(), ready[0].sounds.len()), (1, 0));
    }
}

#[tokio::test]
async fn no_more_than_a_limit_is_loaded_at_one_time() {
    let (mut library, mut loaded) = library(None, &["sleep", "1", "{text}"]);
    for text in 0..=MAX_LOADING as u64 {
        assert!(library.play(request(text, &[&format!("say:{text}")], "")).is_none());
    }
    let first = loaded.try_recv().unwrap();
    assert!(matches!(first.errors[..], [SoundError::TooMany(_)]));
    let ready = library.loaded(first);
    assert_eq!(ready[0].request.playback, PlaybackId(MAX_LOADING as u64));
}

#[tokio::test]
async fn a_clip_is_played_until_it_is_forgotten() {
    let (mut library, _loaded) = library(None, &[]);
    library.keep_clip(ClipId(7), 8000, vec![5; 800].into());
    let name = ClipId(7).sound();
    assert_eq!(played(&library.play(request(1, &[&name], "")).unwrap()), [100]);
    library.forget_clip(ClipId(7));
    assert!(library.play(request(2, &[&name], "")).unwrap().sounds.is_empty());
}

#[test]
fn a_store_makes_room_by_what_was_played_least_recently() {
    let reader = reader(None);
    let track = |samples: usize| reader.track(8000, vec![0; samples]);
    let mut store = Store::new(2000);
    store.insert('a', track(400));
    store.insert('b', track(400));
    assert!(store.find(&'a').is_some());
    store.insert('c', track(400));
    assert_eq!(['a', 'b', 'c'].map(|key| store.find(&key).is_some()), [true, false, true]);
    store.insert('d', track(1001));
    assert!(store.find(&'d').is_none() && store.find(&'a').is_some(), "what is too large changes nothing");
    store.insert('a', track(900));
    assert_eq!(['a', 'c'].map(|key| store.find(&key).is_some()), [true, false]);
    for _ in 0..100 {
        store.insert('e', track(1000));
        store.remove(&'e');
    }
    store.insert('e', track(1000));
    assert!(store.find(&'e').is_some(), "what is removed makes room");
}
