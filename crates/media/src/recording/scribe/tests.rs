use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use confab_audio::{Clock, Format, LegId, Outbox, Room, RoomConfig, SilenceLimits, Taken, Tick, Track};
use confab_codec::read_audio;
use confab_mixer::{Desk, MixerConfig, Playback, Tone, tone_level_dbov};
use serde_json::Value;

use super::super::folder::{Folder, Store};
use super::super::reel::{Piece, RecordingId, Tape, TapeId, Tapes, tape};
use super::super::session::{FileFormat, RecordingSpec};
use super::super::sink::Medium;
use super::super::time_line::Mark;
use super::*;

const ID: RecordingId = RecordingId(1);

/// A room to which a tone is played, its tape, and who writes it.
struct Bed {
    room: Room,
    tape: Option<Tape>,
    reel: Option<Reel>,
    scribe: Scribe<Box<dyn FnMut(RecorderEvent)>>,
    events: Arc<Mutex<Vec<RecorderEvent>>>,
    now: Instant,
}

impl Bed {
    fn new(rate: u32, store: impl Store + 'static, cuts: bool) -> Self {
        let now = Instant::now();
        let mixer = MixerConfig { rate, ..MixerConfig::default() };
        let clock = Clock::new(now, Duration::ZERO);
        let room = Room::new(RoomConfig { mixer, clock, silence: SilenceLimits::default() });
        let longest = Format { rate: 48_000, interval_ms: 20 };
        let (tape, reel) = tape(Taken::Mix { parts: true }, longest, cuts, None);
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        let tell: Box<dyn FnMut(RecorderEvent)> = Box::new(move |event| heard.lock().unwrap().push(event));
        let scribe = Scribe::new(Box::new(store), Arc::default(), tell);
        let mut bed = Self { room, tape: Some(tape), reel: Some(reel), scribe, events, now };
        bed.play(1, 440.0);
        bed
    }

    fn begin(&mut self, format: FileFormat, rate: u32) {
        let reel = self.reel.take().unwrap();
        let head = Some(Mark::from_iter([("room".to_owned(), Value::from("r"))]));
        self.scribe.begin(ID, reel, RecordingSpec { path: "a/r".into(), format, rate: Some(rate), head });
    }

    /// A tone to all, from now on.
    fn play(&mut self, id: u64, frequency: f32) {
        let rate = self.room.format().rate;
        let mut tone = vec![0; rate as usize];
        Tone::new(rate, frequency, -20.0).fill(&mut tone);
        let sounds = vec![tone.into()];
        self.room
            .play(None, Playback { id, sounds, repeat: true, gain_db: 0.0, lead_in_ms: 0, duck_db: 0.0 });
    }

    fn tick(&mut self, ticks: usize) {
        let (mut desk, mut outbox) = (Desk::default(), Outbox::default());
        for _ in 0..ticks {
            let tick = Tick { due: self.now, now: self.now };
            self.room.tick(tick, &mut desk, &mut outbox, &mut |_| {});
            self.tape.as_mut().unwrap().take(&self.room, &mut desk);
            self.now += Duration::from_millis(20);
        }
    }

    /// Ticks that are written as they come.
    fn record(&mut self, ticks: usize) {
        for _ in 0..ticks {
            self.tick(1);
            self.scribe.run(self.now);
        }
    }

    fn end(&mut self) {
        self.tape.take();
        self.scribe.run(self.now);
    }

    fn events(&self) -> Vec<RecorderEvent> {
        self.events.lock().unwrap().clone()
    }
}

fn wav(path: &Path) -> (u32, Vec<i16>) {
    let mut reader = hound::WavReader::open(path).unwrap();
    assert_eq!(reader.duration() as usize, reader.samples::<i16>().count(), "the header is right");
    reader.seek(0).unwrap();
    (reader.spec().sample_rate, reader.samples().map(Result::unwrap).collect())
}

fn time_line(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn hears(samples: &[i16], rate: u32, frequency: f32) {
    let level = tone_level_dbov(samples, rate, frequency);
    assert!((level + 20.0).abs() < 1.0, "{frequency} Hz at {level} dBov");
}

#[test]
fn the_file_lasts_as_long_as_the_ticks_and_is_right_before_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut bed = Bed::new(8000, Folder::new(dir.path().into(), 0), false);
    bed.begin(FileFormat::Wav, 8000);
    bed.record(200);
    let (_, so_far) = wav(&dir.path().join("a/r.wav"));
    assert!((180 * 160..=200 * 160).contains(&so_far.len()), "{} samples", so_far.len());
    bed.record(7);
    bed.end();
    let (rate, samples) = wav(&dir.path().join("a/r.wav"));
    assert_eq!((rate, samples.len()), (8000, 207 * 160));
    hears(&samples, 8000, 440.0);
    let (_, room) = wav(&dir.path().join("a/r_room.wav"));
    assert_eq!(room, samples, "nothing else was heard there");
    let path = dir.path().join("a/r.wav").display().to_string();
    let expected = [
        RecorderEvent::Started { recording: ID, path },
        RecorderEvent::Stopped { recording: ID, error: None },
    ];
    assert_eq!(bed.events(), expected);
    let lines = time_line(&dir.path().join("a/r.jsonl"));
    let told: Vec<_> =
        lines.iter().map(|line| (line["what"].as_str().unwrap(), line["ms"].as_u64())).collect();
    assert_eq!(told, [("start", Some(0)), ("track", Some(0)), ("stop", Some(4140))]);
    assert_eq!((&lines[0]["room"], &lines[0]["file"]), (&"r".into(), &"r.wav".into()));
}

#[test]
fn a_disk_that_stands_still_costs_a_gap_of_the_right_length_and_no_tick() {
    let dir = tempfile::tempdir().unwrap();
    let mut bed = Bed::new(8000, Folder::new(dir.path().into(), 0), false);
    bed.begin(FileFormat::Wav, 8000);
    bed.record(10);
    let counted = allocation_counter::measure(|| bed.tick(3000));
    assert!(counted.count_total < 10, "the ring takes no more, and nothing grows: {counted:?}");
    bed.room.stop_playback(1);
    bed.play(2, 700.0);
    bed.scribe.run(bed.now);
    bed.record(100);
    bed.end();
    let (_, samples) = wav(&dir.path().join("a/r.wav"));
    assert_eq!(samples.len(), 3110 * 160);
    hears(&samples[3020 * 160..], 8000, 700.0);
    let silent = samples.iter().filter(|&&sample| sample == 0).count();
    let events = bed.events();
    let [_, RecorderEvent::Gap { lost, .. }, RecorderEvent::Stopped { error: None, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    let lost = lost.as_millis() as usize;
    assert!((10_000..58_000).contains(&lost) && silent.abs_diff(lost * 8) < 5000, "{lost} ms, {silent}");
    let lines = time_line(&dir.path().join("a/r.jsonl"));
    assert!(lines.iter().any(|line| line["what"] == "gap" && line["length_ms"] == lost));
    assert_eq!(bed.scribe.counters.lost_ms.load(Ordering::Relaxed), lost as u64);
}

/// A disk with room for so many octets.
struct Small(Arc<Mutex<usize>>);

struct SmallFile(Arc<Mutex<usize>>, u64);

impl Store for Small {
    fn create(&mut self, _: &str) -> io::Result<Box<dyn Medium>> {
        Ok(Box::new(SmallFile(Arc::clone(&self.0), 0)))
    }

    fn locate(&self, path: &str) -> String {
        path.to_owned()
    }

    fn check_space(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for SmallFile {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let mut room = self.0.lock().unwrap();
        if octets.len() > *room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        *room -= octets.len();
        self.1 += octets.len() as u64;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for SmallFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if let SeekFrom::Start(at) = to {
            self.1 = at;
        }
        Ok(self.1)
    }
}

#[test]
fn a_full_disk_ends_the_recording_and_nothing_else() {
    for format in [FileFormat::Wav, FileFormat::OggOpus] {
        let mut bed = Bed::new(8000, Small(Arc::new(Mutex::new(40_000))), false);
        bed.begin(format, 8000);
        bed.record(2000);
        let events = bed.events();
        assert_eq!(events.len(), 2, "{events:?}");
        assert!(matches!(&events[1], RecorderEvent::Stopped { error: Some(_), .. }), "{events:?}");
        assert_eq!(bed.scribe.counters.failed.load(Ordering::Relaxed), 1);
        assert!(bed.scribe.is_idle());
    }
}

/// A folder whose disk others fill.
struct Shared(Folder, Arc<Mutex<bool>>);

impl Store for Shared {
    fn create(&mut self, path: &str) -> io::Result<Box<dyn Medium>> {
        self.0.create(path)
    }

    fn locate(&self, path: &str) -> String {
        self.0.locate(path)
    }

    fn check_space(&self) -> io::Result<()> {
        if *self.1.lock().unwrap() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

#[test]
fn a_recording_ends_while_there_is_space_left_for_others() {
    let dir = tempfile::tempdir().unwrap();
    let full = Arc::new(Mutex::new(false));
    let mut bed = Bed::new(8000, Shared(Folder::new(dir.path().into(), 0), Arc::clone(&full)), false);
    bed.begin(FileFormat::Wav, 8000);
    bed.record(100);
    *full.lock().unwrap() = true;
    bed.record(30);
    let events = bed.events();
    let [_, RecorderEvent::Stopped { error: Some(_), .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(bed.scribe.counters.failed.load(Ordering::Relaxed), 1);
    let (_, samples) = wav(&dir.path().join("a/r.wav"));
    assert!((100 * 160..130 * 160).contains(&samples.len()), "{} samples", samples.len());
}

/// A folder that counts its open files.
struct Counting(Folder, Arc<()>);

struct CountedFile(Box<dyn Medium>, #[expect(dead_code, reason = "it is counted")] Arc<()>);

impl Store for Counting {
    fn create(&mut self, path: &str) -> io::Result<Box<dyn Medium>> {
        Ok(Box::new(CountedFile(self.0.create(path)?, Arc::clone(&self.1))))
    }

    fn locate(&self, path: &str) -> String {
        self.0.locate(path)
    }

    fn check_space(&self) -> io::Result<()> {
        self.0.check_space()
    }
}

impl Write for CountedFile {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Seek for CountedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

fn happened(what: &str, leg: u64) -> Box<Mark> {
    Box::new(Mark::from_iter([("what".to_owned(), what.into()), ("leg".to_owned(), leg.into())]))
}

/// As many files are open as there are members, however many have been there.
#[test]
fn who_leaves_or_is_replaced_ends_his_track() {
    let dir = tempfile::tempdir().unwrap();
    let files = Arc::new(());
    let mut store = Counting(Folder::new(dir.path().into(), 0), Arc::clone(&files));
    let (mut pieces, consumer) = rtrb::RingBuffer::new(100);
    let reel = Reel { pieces: consumer, format: Format { rate: 8000, interval_ms: 20 } };
    let spec = RecordingSpec { path: "r".into(), format: FileFormat::Wav, rate: Some(8000), head: None };
    let mut session = Session::begin(ID, reel, spec, &mut store).unwrap();
    let mut ticks = 0..;
    let mut tick = |sound: Option<u64>, mark: Option<Box<Mark>>| {
        let voice = |leg| {
            let samples = [1000; 80];
            [Piece::Track(Track::Voice(LegId(leg))), Piece::Samples(samples), Piece::Samples(samples)]
        };
        let first = Piece::Tick { tick: ticks.next().unwrap(), rate: 8000 };
        let all = [first].into_iter().chain(sound.into_iter().flat_map(voice)).chain(mark.map(Piece::Mark));
        all.for_each(|piece| pieces.push(piece).unwrap());
        session.advance(&mut store).unwrap();
        session.flush(&mut store).unwrap();
    };
    for leg in 0..100 {
        tick(Some(leg), None);
        tick(None, Some(happened(if leg % 2 == 0 { "replaced" } else { "leave" }, leg)));
        assert!(Arc::strong_count(&files) < 16, "{} files are open", Arc::strong_count(&files) - 2);
    }
    (0..12).for_each(|_| tick(None, None));
    assert_eq!(Arc::strong_count(&files), 3, "only the mix is open");
}

#[test]
fn a_disk_that_stands_still_costs_no_line_of_the_time_line() {
    let mut bed = Bed::new(8000, Small(Arc::default()), false);
    let (id, mut tapes) = (TapeId::Recording(ID), Tapes::default());
    tapes.begin(id, Box::new(bed.tape.take().unwrap()));
    let (mut desk, mut outbox) = (Desk::default(), Outbox::default());
    for _ in 0..3000 {
        bed.room.tick(Tick { due: bed.now, now: bed.now }, &mut desk, &mut outbox, &mut |_| {});
        tapes.take(&bed.room, &mut desk);
    }
    assert!((0..100).all(|leg| tapes.mark(id, happened("leave", leg)).is_none()));
}

#[test]
fn a_disk_that_is_full_from_the_begin_is_told() {
    let mut bed = Bed::new(8000, Small(Arc::default()), false);
    bed.begin(FileFormat::OggOpus, 8000);
    bed.record(200);
    let events = bed.events();
    assert!(matches!(events.last(), Some(RecorderEvent::Stopped { error: Some(_), .. })), "{events:?}");
}

#[test]
fn a_pause_is_silence_or_a_cut() {
    for (cuts, ticks) in [(false, 300), (true, 200)] {
        let dir = tempfile::tempdir().unwrap();
        let mut bed = Bed::new(8000, Folder::new(dir.path().into(), 0), cuts);
        bed.begin(FileFormat::Wav, 8000);
        bed.record(100);
        bed.tape.as_mut().unwrap().pause(true);
        bed.record(100);
        bed.tape.as_mut().unwrap().pause(false);
        bed.record(100);
        bed.end();
        let (_, samples) = wav(&dir.path().join("a/r.wav"));
        assert_eq!(samples.len(), ticks * 160);
        hears(&samples[(ticks - 100) * 160..], 8000, 440.0);
        let silent = samples[16_000..].iter().take(16_000).all(|&sample| sample == 0);
        assert_eq!(silent, !cuts);
        assert_eq!(bed.events().len(), 2, "a pause is no gap");
    }
}

#[test]
fn a_tick_that_was_left_out_is_silent() {
    let dir = tempfile::tempdir().unwrap();
    let mut bed = Bed::new(8000, Folder::new(dir.path().into(), 0), false);
    bed.begin(FileFormat::Wav, 8000);
    bed.record(10);
    (0..5).for_each(|_| bed.tape.as_mut().unwrap().skip());
    bed.record(10);
    bed.end();
    let (_, samples) = wav(&dir.path().join("a/r.wav"));
    assert_eq!(samples.len(), 25 * 160);
    assert!(samples[1600..2400].iter().all(|&sample| sample == 0));
    assert_eq!(bed.events()[1], RecorderEvent::Gap { recording: ID, lost: Duration::from_millis(100) });
}

#[test]
fn a_room_that_changes_its_rate_goes_on_in_the_same_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut bed = Bed::new(8000, Folder::new(dir.path().into(), 0), false);
    bed.begin(FileFormat::Wav, 16_000);
    for (id, rate) in [(2, 8000), (3, 48_000), (4, 16_000), (5, 8000)] {
        let mixer = MixerConfig { rate, ..MixerConfig::default() };
        let mut retuned = confab_audio::Retuned::new(&mixer, 0, [].into_iter(), Vec::new()).unwrap();
        bed.room.retune(&mut retuned);
        bed.play(id, 440.0);
        bed.record(50);
    }
    bed.end();
    let (rate, samples) = wav(&dir.path().join("a/r.wav"));
    assert_eq!((rate, samples.len()), (16_000, 200 * 320));
    for part in samples.chunks(16_000) {
        hears(&part[1600..14_400], 16_000, 440.0);
    }
}

#[test]
fn opus_lasts_as_long_to_the_sample_and_is_right_before_its_end() {
    for (rate, ticks) in [(8000, 101), (16_000, 50), (48_000, 75)] {
        let dir = tempfile::tempdir().unwrap();
        let mut bed = Bed::new(rate, Folder::new(dir.path().into(), 0), false);
        bed.begin(FileFormat::OggOpus, rate);
        bed.record(ticks);
        let so_far = read_audio(&fs::read(dir.path().join("a/r.opus")).unwrap(), 60).unwrap();
        let lag = ticks * 960 - so_far.samples.len();
        assert!(lag <= 48_000, "{lag} samples are not in the file yet");
        bed.end();
        let sound = read_audio(&fs::read(dir.path().join("a/r.opus")).unwrap(), 60).unwrap();
        assert_eq!((sound.rate, sound.samples.len()), (48_000, ticks * 960));
        hears(&sound.samples[9600..], 48_000, 440.0);
    }
}

#[test]
fn a_wav_file_that_is_full_is_followed_by_another_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut bed = Bed::new(8000, Folder::new(dir.path().into(), 0), false);
    bed.begin(FileFormat::Wav, 8000);
    bed.record(4000);
    bed.end();
    let (_, first) = wav(&dir.path().join("a/r.wav"));
    let lines = time_line(&dir.path().join("a/r.jsonl"));
    let part = lines.iter().find(|line| line["what"] == "part" && line["track"] == "mix").unwrap();
    let (_, second) = wav(&dir.path().join("a").join(part["file"].as_str().unwrap()));
    assert!((500_000..=600_000).contains(&first.len()), "{}", first.len());
    assert_eq!(first.len() + second.len(), 4000 * 160);
    assert_eq!(part["sample"], first.len());
}

#[test]
fn when_all_is_stopped_what_has_come_is_in_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut bed = Bed::new(8000, Folder::new(dir.path().into(), 0), false);
    bed.begin(FileFormat::Wav, 8000);
    bed.tick(30);
    let Bed { scribe, tape, .. } = bed;
    scribe.stop();
    assert_eq!(wav(&dir.path().join("a/r.wav")).1.len(), 30 * 160);
    drop(tape);
}
