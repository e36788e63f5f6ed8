//! Samples, and when each of them passed.

use std::time::Duration;

/// A stream of samples whose packets passed at known times.
#[derive(Clone, Debug)]
pub struct Track {
    /// Samples per second.
    pub rate: u32,
    /// All samples, oldest first.
    pub samples: Vec<i16>,
    /// The first sample of each packet, and when the packet passed.
    marks: Vec<(usize, Duration)>,
}

impl Track {
    pub(crate) fn new(rate: u32) -> Self {
        Self { rate, samples: Vec::new(), marks: Vec::new() }
    }

    /// Samples of one packet that passed at the begin of time.
    pub(crate) fn of(rate: u32, samples: Vec<i16>) -> Self {
        Self { rate, samples, marks: Vec::new() }
    }

    /// Drops what passed before `at`; in long scenes.
    pub(crate) fn forget_before(&mut self, at: Duration) {
        let gone = self.index_at(at);
        let old = self.marks.partition_point(|(first, _)| *first <= gone).saturating_sub(1);
        let Some(&(first, _)) = self.marks.get(old) else { return };
        self.marks.drain(..old);
        self.marks.iter_mut().for_each(|(place, _)| *place -= first);
        self.samples.drain(..first);
    }

    /// The next samples belong to a packet that passes at `at`.
    pub(crate) fn mark(&mut self, at: Duration) {
        self.marks.push((self.samples.len(), at));
    }

    /// When a sample passed: its packet's time, and its place in the packet.
    pub fn time_of(&self, sample: usize) -> Duration {
        let next = self.marks.partition_point(|(first, _)| *first <= sample);
        let (first, at) = self.marks.get(next.saturating_sub(1)).copied().unwrap_or_default();
        at + self.length(sample.saturating_sub(first))
    }

    /// The sample that passed at `at`.
    pub fn index_at(&self, at: Duration) -> usize {
        let next = self.marks.partition_point(|(_, passed)| *passed <= at);
        let (first, passed) = self.marks.get(next.saturating_sub(1)).copied().unwrap_or_default();
        let into = (at.saturating_sub(passed)).as_secs_f64() * f64::from(self.rate);
        (first + into as usize).min(self.samples.len())
    }

    /// What passed between these times.
    pub fn between(&self, from: Duration, to: Duration) -> &[i16] {
        let (from, to) = (self.index_at(from), self.index_at(to));
        &self.samples[from..to.max(from)]
    }

    /// What passed between these times in ms.
    pub fn between_ms(&self, from: u64, to: u64) -> &[i16] {
        self.between(Duration::from_millis(from), Duration::from_millis(to))
    }

    fn length(&self, samples: usize) -> Duration {
        Duration::from_secs_f64(samples as f64 / f64::from(self.rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_know_their_time_and_times_their_sample() {
        let ms = Duration::from_millis;
        let mut track = Track::new(8000);
        for at in [105, 125, 150] {
            track.mark(ms(at));
            track.samples.extend([at as i16; 160]);
        }
        assert_eq!(
            (track.time_of(0), track.time_of(80), track.time_of(321)),
            (ms(105), ms(115), ms(150) + ms(1) / 8)
        );
        assert_eq!((track.index_at(ms(105)), track.index_at(ms(115)), track.index_at(ms(155))), (0, 80, 360));
        assert_eq!(track.between_ms(125, 126), [125; 8]);
        assert_eq!(track.between_ms(500, 600), []);
    }
}
