//! What a call hears: its newest audio on the line of time, and what can be told of it.

mod analysis;
mod history;
mod recording;
mod report;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use confab_mixer::{level_dbov, tone_level_dbov};

use crate::error::PhoneError;
use crate::media::Format;
use crate::trace::lock;
pub use analysis::HEARS_DBOV;
use history::History;
use recording::Recording;
use report::Continuity;
pub use report::{RtcpReport, StreamReport};

/// A prompt, music or a voice is louder than this, in dBov; comfort noise is not.
const SOUNDS_DBOV: f32 = -40.0;

/// One packet of audio as it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived<'a> {
    /// When.
    pub(crate) at: Instant,
    /// The RTP header's fields.
    pub(crate) header: Header,
    /// The decoded audio; `None` for what is no audio.
    pub(crate) audio: Option<&'a [i16]>,
}

/// What of an RTP header matters here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Header {
    pub(crate) ssrc: u32,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
}

/// What is heard. A clone hears the same.
#[derive(Clone, Debug)]
pub struct Heard(Arc<Mutex<Ear>>);

#[derive(Debug)]
struct Ear {
    keep: Duration,
    history: History,
    continuity: Continuity,
    rtcp: RtcpReport,
    keys: String,
    recording: Option<Recording>,
}

impl Heard {
    /// The window that "now" means: long enough to tell a tone from speech, short enough to follow keys.
    pub const WINDOW: Duration = Duration::from_millis(320);

    /// The newest audio, oldest sample first, at [`rate`](Self::rate); where none came there is silence.
    pub fn samples(&self, last: Duration) -> Vec<i16> {
        self.samples_at(Instant::now(), last).0
    }

    /// The sampling rate of what is heard in Hz, the best that the codec carries.
    pub fn rate(&self) -> u32 {
        lock(&self.0).history.format().rate
    }

    /// The level of everything within `last`, in dBov.
    pub fn level(&self, last: Duration) -> f32 {
        level_dbov(&self.samples(last))
    }

    /// The level of the tone of `hz` within `last`, in dBov.
    pub fn tone_level(&self, hz: f32, last: Duration) -> f32 {
        let (samples, rate) = self.samples_at(Instant::now(), last);
        tone_level_dbov(&samples, rate, hz)
    }

    /// Whether the tone of `hz` is there now, steadily at [`HEARS_DBOV`] or more.
    pub fn hears(&self, hz: f32) -> bool {
        let (samples, rate) = self.now();
        analysis::hears(&samples, rate, hz)
    }

    /// The level in dBov of the tone of `hz`, if it is there now at one level throughout: without a gap and without a
    /// change within [`Self::WINDOW`].
    pub fn steady_level(&self, hz: f32) -> Option<f32> {
        let (samples, rate) = self.now();
        analysis::steady_level(&samples, rate, hz)
    }

    /// Whether the tone of `hz` is gone.
    pub fn silent_of(&self, hz: f32) -> bool {
        let (samples, rate) = self.now();
        analysis::silent_of(&samples, rate, hz)
    }

    /// Whether a prompt, music or someone is to be heard now: anything above −40 dBov.
    pub fn sounds(&self) -> bool {
        self.level(Self::WINDOW) > SOUNDS_DBOV
    }

    /// The one tone that makes up nearly all of what is heard now: its frequency in Hz and its level in dBov.
    pub fn dominant_tone(&self) -> Option<(f32, f32)> {
        let (samples, rate) = self.now();
        analysis::dominant_tone(&samples, rate)
    }

    /// The continuity of the received RTP since the start or the last restart.
    pub fn stream_report(&self) -> StreamReport {
        lock(&self.0).continuity.report()
    }

    /// Counts the continuity anew from here.
    pub fn restart_report(&self) {
        let mut ear = lock(&self.0);
        ear.continuity = Continuity::new(ear.history.format());
    }

    /// The keys that came as telephone-events since the start.
    pub fn keys(&self) -> String {
        lock(&self.0).keys.clone()
    }

    /// What came by RTCP.
    pub fn rtcp_report(&self) -> RtcpReport {
        lock(&self.0).rtcp.clone()
    }

    pub(crate) fn new(keep: Duration) -> Self {
        Self(Arc::new(Mutex::new(Ear {
            keep,
            history: History::new(keep, Format::NARROW),
            continuity: Continuity::new(Format::NARROW),
            rtcp: RtcpReport::default(),
            keys: String::new(),
            recording: None,
        })))
    }

    /// Hears another codec from now on. At another rate what was heard is forgotten, and a recording is complete.
    pub(crate) fn tune(&self, format: Format) {
        let mut ear = lock(&self.0);
        if ear.history.format() == format {
            return;
        }
        if let Some(Err(error)) = ear.recording.take().map(|recording| recording.finish(&ear.history)) {
            tracing::warn!(%error, "the recording is not complete");
        }
        ear.history = History::new(ear.keep, format);
        ear.continuity = Continuity::new(format);
    }

    pub(crate) fn record(&self, path: &Path) -> Result<(), PhoneError> {
        let mut ear = lock(&self.0);
        let recording = Recording::create(path, ear.history.format().rate, ear.history.end())?;
        ear.recording = Some(recording);
        Ok(())
    }

    pub(crate) fn stop_recording(&self) -> Result<(), PhoneError> {
        let mut ear = lock(&self.0);
        let Some(recording) = ear.recording.take() else { return Ok(()) };
        recording.finish(&ear.history)
    }

    pub(crate) fn arrived(&self, packet: &Arrived<'_>) {
        let mut ear = lock(&self.0);
        let Ear { history, continuity, recording, .. } = &mut *ear;
        continuity.note(packet);
        if let Some(audio) = packet.audio {
            history.insert(packet.at, packet.header, audio);
        }
        if let Some(recording) = recording {
            recording.follow(history);
        }
    }

    pub(crate) fn key(&self, key: char) {
        lock(&self.0).keys.push(key);
    }

    pub(crate) fn note_rtcp(&self, note: impl FnOnce(&mut RtcpReport)) {
        note(&mut lock(&self.0).rtcp);
    }

    /// What is heard now, and its rate.
    fn now(&self) -> (Vec<i16>, u32) {
        self.samples_at(Instant::now(), Self::WINDOW)
    }

    fn samples_at(&self, now: Instant, last: Duration) -> (Vec<i16>, u32) {
        let ear = lock(&self.0);
        let format = ear.history.format();
        (ear.history.newest(now, last.as_millis() as usize * format.samples_per_ms()), format.rate)
    }
}

/// What is heard, in words: `440 Hz at -20.1 dBov`, `sound at -23.0 dBov`, `silence`.
impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (samples, rate) = self.now();
        f.write_str(&analysis::describe(&samples, rate))
    }
}

#[cfg(test)]
mod tests;
