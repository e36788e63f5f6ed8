//! Received audio on the line of time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Header;
use crate::media::Format;

/// A stream whose timestamps are this many seconds from the clock is put back to the clock.
const STRAY_S: i64 = 1;

/// A stream is said to have stopped when its audio ends this part of a second before now.
const STALLED: i64 = 10;

/// The audio by its RTP timestamps, anchored to the clock where a stream begins, with silence where nothing came.
#[derive(Debug)]
pub(super) struct History {
    format: Format,
    /// How many samples are kept.
    capacity: usize,
    samples: VecDeque<i16>,
    /// The position just after the newest sample; position 0 is the first sample of the call.
    end: i64,
    begun: Option<Instant>,
    anchor: Option<Anchor>,
}

/// Where a timestamp of a stream lies.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    ssrc: u32,
    timestamp: u32,
    position: i64,
}

impl History {
    /// A history that keeps the audio of that time.
    pub(super) fn new(keep: Duration, format: Format) -> Self {
        let capacity = keep.as_millis() as usize * format.samples_per_ms();
        Self { format, capacity, samples: VecDeque::new(), end: 0, begun: None, anchor: None }
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    pub(super) fn insert(&mut self, at: Instant, header: Header, audio: &[i16]) {
        let clock = self.clock(at);
        let position = self.position(clock, header);
        self.anchor = Some(Anchor { ssrc: header.ssrc, timestamp: header.timestamp, position });
        self.extend_to(position + audio.len() as i64);
        let oldest = self.oldest();
        for (position, sample) in (position..).zip(audio) {
            let index = usize::try_from(position - oldest).ok();
            if let Some(kept) = index.and_then(|index| self.samples.get_mut(index)) {
                *kept = *sample;
            }
        }
    }

    /// The position just after the newest sample.
    pub(super) fn end(&self) -> i64 {
        self.end
    }

    /// The newest `count` samples at `now`; a stream that has stopped is silence.
    pub(super) fn newest(&self, now: Instant, count: usize) -> Vec<i16> {
        let clock = self.begun.map_or(0, |begun| self.samples_in(now.saturating_duration_since(begun)));
        let end = if clock > self.end + i64::from(self.format.rate) / STALLED { clock } else { self.end };
        self.range(end - count as i64, end).collect()
    }

    /// The samples of a range of positions, silence where there are none.
    pub(super) fn range(&self, from: i64, to: i64) -> impl Iterator<Item = i16> + '_ {
        let oldest = self.oldest();
        (from..to).map(move |position| {
            let index = usize::try_from(position - oldest).ok();
            index.and_then(|index| self.samples.get(index)).copied().unwrap_or(0)
        })
    }

    /// The position of the first sample that is kept.
    fn oldest(&self) -> i64 {
        self.end - self.samples.len() as i64
    }

    fn clock(&mut self, at: Instant) -> i64 {
        let begun = *self.begun.get_or_insert(at);
        self.samples_in(at.saturating_duration_since(begun))
    }

    fn position(&self, clock: i64, header: Header) -> i64 {
        let Some(anchor) = self.anchor.filter(|anchor| anchor.ssrc == header.ssrc) else {
            return clock.max(self.end);
        };
        let ahead = header.timestamp.wrapping_sub(anchor.timestamp) as i32;
        let position = anchor.position + i64::from(ahead) * i64::from(self.format.samples_per_unit());
        if (position - clock).abs() <= STRAY_S * i64::from(self.format.rate) {
            position
        } else {
            clock.max(self.end)
        }
    }

    fn extend_to(&mut self, end: i64) {
        if end <= self.end {
            return;
        }
        let more = (end - self.end) as usize;
        self.samples.extend(std::iter::repeat_n(0, more.min(self.capacity)));
        self.end = end;
        let surplus = self.samples.len().saturating_sub(self.capacity);
        self.samples.drain(..surplus);
    }

    fn samples_in(&self, time: Duration) -> i64 {
        (time.as_micros() * self.format.samples_per_ms() as u128 / 1000) as i64
    }
}
