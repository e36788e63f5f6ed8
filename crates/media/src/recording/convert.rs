//! From the rate of the room, which may change, to that of a file.

use confab_codec::Resampler;

/// Silence after which nothing of a sound is left in a resampler, in its blocks of 5 ms.
const FADED_BLOCKS: usize = 2;

/// Brings the sound of one track to the rate of its file. What it makes lasts as long as what it is given: the delay of a
/// resampler is taken out at its begin, and made up for at its end.
#[derive(Debug)]
pub(super) struct Converter {
    to: u32,
    running: Option<Running>,
    out: Vec<i16>,
}

#[derive(Debug)]
struct Running {
    from: u32,
    resampler: Resampler,
    /// Samples that are to be left out yet.
    skip: usize,
}

impl Converter {
    pub(super) fn new(to: u32) -> Self {
        Self { to, running: None, out: Vec::new() }
    }

    /// The samples at the file's rate; they may lag by the resampler's delay.
    pub(super) fn convert(&mut self, samples: &[i16], from: u32) -> &[i16] {
        self.out.clear();
        if self.running.as_ref().is_some_and(|running| running.from != from) {
            self.flush();
        }
        if from == self.to {
            self.out.extend_from_slice(samples);
            return &self.out;
        }
        if self.running.is_none() {
            self.running = Resampler::new(from, self.to).ok().map(|resampler| {
                let skip = delay(&resampler, self.to);
                Running { from, resampler, skip }
            });
        }
        self.feed(samples);
        &self.out
    }

    /// What is behind the last samples, if it lags: silence follows them.
    pub(super) fn finish(&mut self) -> &[i16] {
        self.out.clear();
        self.flush();
        &self.out
    }

    fn flush(&mut self) {
        let Some(running) = &self.running else { return };
        let lag = delay(&running.resampler, self.to) - running.skip;
        let end = self.out.len() + lag;
        let silence = vec![0; FADED_BLOCKS * running.from as usize / 200];
        self.feed(&silence);
        self.out.truncate(end);
        self.running = None;
    }

    fn feed(&mut self, samples: &[i16]) {
        let Some(running) = &mut self.running else { return };
        let at = self.out.len();
        let most = samples.len() as u64 * u64::from(self.to) / u64::from(running.from);
        self.out.resize(at + most as usize, 0);
        let made = running.resampler.process(samples, &mut self.out[at..]);
        self.out.truncate(at + made);
        let skip = running.skip.min(made);
        self.out.drain(at..at + skip);
        running.skip -= skip;
    }
}

/// How much later a sound comes out, samples.
fn delay(resampler: &Resampler, rate: u32) -> usize {
    (u64::from(resampler.delay_us()) * u64::from(rate) / 1_000_000) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_mixer::{Tone, tone_level_dbov};

    #[test]
    fn as_much_comes_out_as_went_in_whatever_the_rates_are() {
        let mut converter = Converter::new(16_000);
        let mut all = Vec::new();
        for (rate, frames) in [(8000, 5), (16_000, 3), (48_000, 7), (32_000, 1), (8000, 4)] {
            let mut tone = Tone::new(rate, 500.0, -20.0);
            for _ in 0..frames {
                let mut frame = vec![0; rate as usize / 50];
                tone.fill(&mut frame);
                all.extend_from_slice(converter.convert(&frame, rate));
            }
        }
        all.extend_from_slice(converter.finish());
        assert_eq!(all.len(), 20 * 320);
        for part in [400..1500, 3000..4600] {
            assert!((tone_level_dbov(&all[part], 16_000, 500.0) + 20.0).abs() < 0.5);
        }
    }

    #[test]
    fn a_click_stays_where_it_was() {
        let mut converter = Converter::new(48_000);
        let mut all = Vec::new();
        for n in 0..10 {
            let mut frame = [0; 160];
            frame[80] = if n == 5 { 20_000 } else { 0 };
            all.extend_from_slice(converter.convert(&frame, 8000));
        }
        all.extend_from_slice(converter.finish());
        let loudest = (0..all.len()).max_by_key(|&i| all[i].unsigned_abs()).unwrap();
        assert_eq!((all.len(), loudest), (9600, 5 * 960 + 480));
    }
}
