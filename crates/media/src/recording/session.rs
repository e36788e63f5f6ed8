//! One recording being written.

use std::collections::BTreeMap;
use std::io;

use confab_audio::{LegId, Track};
use serde_json::Value;

use super::channel::Channel;
use super::folder::{Store, claim};
use super::reel::{Piece, RecordingId, Reel};
use super::sink::Sink;
use super::time_line::{EXTENSION, Mark, Place, TimeLine, facts};

/// Ticks after which nothing is heard any more of one who has left.
const FADED: u64 = 10;

/// How a file of sound is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileFormat {
    /// PCM of 16 bits.
    Wav,
    /// Opus in Ogg (RFC 7845).
    OggOpus,
}

impl FileFormat {
    fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::OggOpus => "opus",
        }
    }

    /// The rate of its files: Opus has not all that rooms have.
    fn rate(self, wanted: u32) -> u32 {
        match (self, wanted) {
            (Self::OggOpus, 32_000) => 48_000,
            (_, rate) => rate,
        }
    }
}

/// What is to be written where.
#[derive(Clone, PartialEq, Debug)]
pub struct RecordingSpec {
    /// The file of the mix below the folder of all recordings, without its ending. The others are named after it.
    pub path: String,
    /// How sound is written.
    pub format: FileFormat,
    /// Samples per second; `None`: as many as the room can have.
    pub rate: Option<u32>,
    /// The first line of the time line; `None`: there is none.
    pub head: Option<Mark>,
}

/// A recording and its files.
pub(super) struct Session {
    pub(super) id: RecordingId,
    reel: Reel,
    format: FileFormat,
    /// Samples per second in the files.
    rate: u32,
    /// The path of the mix, without its ending.
    stem: String,
    channels: BTreeMap<Track, Channel>,
    /// The tracks of those who have left, and at which tick.
    left: BTreeMap<Track, u64>,
    voices: u32,
    parts: u32,
    time_line: Option<TimeLine>,
    /// The tick that comes next.
    next: u64,
    /// What is being read: the room's rate, and the track with its samples so far.
    room_rate: u32,
    track: Track,
    frame: Vec<i16>,
}

impl Session {
    /// Makes the files that there are from the begin.
    pub(super) fn begin(
        id: RecordingId,
        reel: Reel,
        spec: RecordingSpec,
        store: &mut dyn Store,
    ) -> io::Result<Self> {
        let rate = spec.format.rate(spec.rate.unwrap_or(reel.format.rate));
        let (stem, medium) = claim(store, &spec.path, spec.format.extension())?;
        let mut session = Self {
            id,
            room_rate: reel.format.rate,
            reel,
            format: spec.format,
            rate,
            stem,
            channels: BTreeMap::new(),
            left: BTreeMap::new(),
            voices: 0,
            parts: 1,
            time_line: None,
            next: 0,
            track: Track::Mix,
            frame: Vec::new(),
        };
        let mix = session.channel(Sink::new(spec.format, rate, medium)?);
        session.channels.insert(Track::Mix, mix);
        if let Some(head) = spec.head {
            session.begin_time_line(head, store)?;
        }
        Ok(session)
    }

    /// The file of the mix.
    pub(super) fn path(&self) -> String {
        format!("{}.{}", self.stem, self.format.extension())
    }

    /// Milliseconds of a tick.
    pub(super) fn interval_ms(&self) -> u64 {
        self.reel.format.interval_ms.into()
    }

    /// Whether nothing comes any more.
    pub(super) fn is_over(&self) -> bool {
        // In this order: what was put on the tape before its end is to be read.
        self.reel.pieces.is_abandoned() && self.reel.pieces.is_empty()
    }

    /// Writes what has come. Returns how many ticks are missing.
    pub(super) fn advance(&mut self, store: &mut dyn Store) -> io::Result<u64> {
        let mut missing = 0;
        for _ in 0..self.reel.pieces.slots() {
            let Ok(piece) = self.reel.pieces.pop() else { break };
            match piece {
                Piece::Tick { tick, rate } => missing += self.begin_tick(tick, rate)?,
                Piece::Track(track) => {
                    self.track = track;
                    self.frame.clear();
                }
                Piece::Samples(samples) => {
                    self.frame.extend_from_slice(&samples);
                    if self.frame.len() == self.frame_len(self.room_rate) {
                        self.write_frame(store)?;
                    }
                }
                Piece::Mark(mark) => self.mark(*mark)?,
            }
        }
        Ok(missing)
    }

    /// Brings all files to where the recording is; what is full goes on in another file, and who has left has none.
    pub(super) fn flush(&mut self, store: &mut dyn Store) -> io::Result<()> {
        for (track, channel) in &mut self.channels {
            if !self.left.contains_key(track) {
                channel.silence(self.next)?;
            }
            channel.flush()?;
        }
        self.end_tracks()?;
        let full = self.channels.iter().filter(|(_, channel)| channel.is_full());
        for track in full.map(|(track, _)| *track).collect::<Vec<_>>() {
            self.begin_part(track, store)?;
        }
        self.time_line.as_mut().map_or(Ok(()), TimeLine::flush)
    }

    /// Ends all files.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.tell(facts([("what", "stop".into())]))?;
        for (track, mut channel) in std::mem::take(&mut self.channels) {
            channel.silence(self.left.get(&track).copied().unwrap_or(self.next))?;
            channel.finish()?;
        }
        self.time_line.as_mut().map_or(Ok(()), TimeLine::flush)
    }

    /// The recording ends here; the files are left as they are, and the time line tells why if it can.
    pub(super) fn give_up(mut self, error: &io::Error) {
        let _the_disk_may_be_full = self
            .tell(facts([("what", "stop".into()), ("error", error.to_string().into())]))
            .and_then(|()| self.time_line.as_mut().map_or(Ok(()), TimeLine::flush));
    }

    fn begin_time_line(&mut self, head: Mark, store: &mut dyn Store) -> io::Result<()> {
        let (_, medium) = claim(store, &self.stem, EXTENSION)?;
        self.time_line = Some(TimeLine::new(medium));
        let mut first = facts([
            ("what", "start".into()),
            ("file", self.file_name(&self.stem).into()),
            ("rate", self.rate.into()),
            ("interval_ms", self.interval_ms().into()),
        ]);
        first.extend(head);
        self.tell(first)
    }

    /// Returns how many ticks are missing in front of this one.
    fn begin_tick(&mut self, tick: u64, rate: u32) -> io::Result<u64> {
        let missing = tick.saturating_sub(self.next);
        if missing > 0 {
            let lost_ms = missing * self.interval_ms();
            self.tell(facts([("what", "gap".into()), ("length_ms", lost_ms.into())]))?;
        }
        self.next = tick + 1;
        self.room_rate = rate;
        Ok(missing)
    }

    fn write_frame(&mut self, store: &mut dyn Store) -> io::Result<()> {
        if !self.channels.contains_key(&self.track) {
            self.begin_track(store)?;
        }
        let Some(channel) = self.channels.get_mut(&self.track) else { return Ok(()) };
        channel.write(self.next - 1, &self.frame, self.room_rate)?;
        self.frame.clear();
        Ok(())
    }

    /// A track has a file from its first sound on; the time line tells where that is.
    fn begin_track(&mut self, store: &mut dyn Store) -> io::Result<()> {
        let name = match self.track {
            Track::Mix | Track::Rest => format!("{}_room", self.stem),
            Track::Voice(_) | Track::Input(_) => {
                self.voices += 1;
                format!("{}_track{:02}", self.stem, self.voices)
            }
        };
        let sink = self.new_file(self.track, self.next - 1, &name, "track", store)?;
        let channel = self.channel(sink);
        self.channels.insert(self.track, channel);
        Ok(())
    }

    /// The file holds as much as it can: the track goes on in another one.
    fn begin_part(&mut self, track: Track, store: &mut dyn Store) -> io::Result<()> {
        self.parts += 1;
        let name = format!("{}_part{}", self.stem, self.parts);
        let sink = self.new_file(track, self.next, &name, "part", store)?;
        self.channels.get_mut(&track).map_or(Ok(()), |channel| channel.follow(sink))
    }

    /// Makes a file for a track, which begins there with this tick, and tells so.
    fn new_file(
        &mut self,
        track: Track,
        begin: u64,
        name: &str,
        what: &str,
        store: &mut dyn Store,
    ) -> io::Result<Sink> {
        let (stem, medium) = claim(store, name, self.format.extension())?;
        let mut told = facts([("what", what.into()), ("file", self.file_name(&stem).into())]);
        match track {
            Track::Mix => told.insert("track".into(), "mix".into()),
            Track::Rest => told.insert("track".into(), "room".into()),
            Track::Voice(leg) | Track::Input(leg) => told.insert("leg".into(), leg.0.into()),
        };
        self.tell_at(begin, told)?;
        Sink::new(self.format, self.rate, medium)
    }

    /// A line of the time line that came with the sound.
    fn mark(&mut self, mark: Mark) -> io::Result<()> {
        let track = mark.get("leg").and_then(Value::as_u64).map(|leg| Track::Voice(LegId(leg)));
        match (mark.get("what").and_then(Value::as_str), track) {
            (Some("leave" | "replaced"), Some(track)) => drop(self.left.insert(track, self.next)),
            (Some("join"), Some(track)) => drop(self.left.remove(&track)),
            _ => {}
        }
        self.tell(mark)
    }

    /// Ends the tracks of those who have left a while ago: they may still have been fading out.
    fn end_tracks(&mut self) -> io::Result<()> {
        let now = self.next;
        for (track, tick) in self.left.extract_if(.., |_, tick| *tick + FADED <= now) {
            if let Some(mut channel) = self.channels.remove(&track) {
                channel.silence(tick)?;
                channel.finish()?;
            }
        }
        Ok(())
    }

    fn tell(&mut self, told: Mark) -> io::Result<()> {
        self.tell_at(self.next, told)
    }

    fn tell_at(&mut self, tick: u64, told: Mark) -> io::Result<()> {
        let sample = tick * self.frame_len(self.rate) as u64;
        let place = Place { ms: tick * self.interval_ms(), sample };
        self.time_line.as_mut().map_or(Ok(()), |time_line| time_line.write(place, told))
    }

    /// Begins with the tick that is being read, or at the begin of all.
    fn channel(&self, sink: Sink) -> Channel {
        Channel::new(sink, self.rate, self.frame_len(self.rate), self.next.saturating_sub(1))
    }

    fn frame_len(&self, rate: u32) -> usize {
        rate as usize * usize::from(self.reel.format.interval_ms) / 1000
    }

    /// The name of a file, as the time line that lies beside it tells it.
    fn file_name(&self, stem: &str) -> String {
        let name = stem.rsplit('/').next().unwrap_or(stem);
        format!("{name}.{}", self.format.extension())
    }
}
