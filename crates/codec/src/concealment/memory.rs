//! What was heard last.

use confab_fetch::fetch_all;

use crate::Law;

/// The newest sound, written round and round: a frame touches no more than it fills.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    sound: Sound,
    /// Where the next sample goes, and the oldest is.
    next: usize,
}

#[derive(Debug, Clone)]
enum Sound {
    Samples(Box<[i16]>),
    Codes(Law, Box<[u8]>),
}

/// Samples of a frame as it is most often, of 20 ms at 8 kHz.
const FRAME: usize = 160;
/// Samples that are coded at a time.
const STEP: usize = 80;

impl Memory {
    pub(super) fn of_samples(len: usize) -> Self {
        Self { sound: Sound::Samples(vec![0; len].into()), next: 0 }
    }

    pub(super) fn of_codes(law: Law, len: usize) -> Self {
        Self { sound: Sound::Codes(law, vec![law.silence(); len].into()), next: 0 }
    }

    /// How many samples it reaches back.
    pub(super) fn len(&self) -> usize {
        match &self.sound {
            Sound::Samples(samples) => samples.len(),
            Sound::Codes(_, codes) => codes.len(),
        }
    }

    /// Fetches what the next 20 ms are written over.
    pub(super) fn fetch_rest(&self) {
        match &self.sound {
            Sound::Samples(samples) => fetch_round(samples, self.next),
            Sound::Codes(_, codes) => fetch_round(codes, self.next),
        }
    }

    pub(super) fn remember(&mut self, frame: &[i16]) {
        match &mut self.sound {
            Sound::Samples(samples) => write_round(samples, &mut self.next, frame),
            Sound::Codes(law, codes) => {
                for step in frame.chunks(STEP) {
                    let mut coded = [0; STEP];
                    law.encode(step, &mut coded);
                    write_round(codes, &mut self.next, &coded[..step.len()]);
                }
            }
        }
    }

    /// Remembers a frame by what it was decoded from. Only codes are of use to one that keeps codes.
    pub(super) fn remember_codes(&mut self, newest: &[u8]) {
        if let Sound::Codes(_, codes) = &mut self.sound {
            write_round(codes, &mut self.next, newest);
        }
    }

    /// Writes all that is remembered, the oldest first.
    pub(super) fn recall(&self, out: &mut [f32]) {
        match &self.sound {
            Sound::Samples(samples) => {
                let (newer, older) = samples.split_at(self.next);
                let in_order = older.iter().chain(newer);
                out.iter_mut().zip(in_order).for_each(|(out, &sample)| *out = f32::from(sample));
            }
            Sound::Codes(law, codes) => {
                let (newer, older) = codes.split_at(self.next);
                let in_order = older.iter().chain(newer);
                out.iter_mut().zip(in_order).for_each(|(out, &code)| *out = f32::from(law.expand(code)));
            }
        }
    }

    pub(super) fn forget(&mut self) {
        match &mut self.sound {
            Sound::Samples(samples) => samples.fill(0),
            Sound::Codes(law, codes) => codes.fill(law.silence()),
        }
    }
}

/// Writes to where `next` is, from the end on at the start again, as much as there is place for.
fn write_round<T: Copy>(ring: &mut [T], next: &mut usize, newest: &[T]) {
    let newest = &newest[newest.len().saturating_sub(ring.len())..];
    let (now, rest) = newest.split_at(newest.len().min(ring.len() - *next));
    ring[*next..][..now.len()].copy_from_slice(now);
    ring[..rest.len()].copy_from_slice(rest);
    *next = (*next + newest.len()) % ring.len();
}

fn fetch_round<T>(ring: &[T], next: usize) {
    let (first, rest) = (&ring[next..], FRAME.saturating_sub(ring.len() - next));
    fetch_all(&first[..FRAME.min(first.len())]);
    fetch_all(&ring[..rest.min(next)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_recalled_in_order_whatever_the_lengths() {
        for lengths in [[3, 3, 3, 3], [8, 1, 0, 5], [20, 2, 7, 9], [1, 1, 1, 30]] {
            let mut memory = Memory::of_samples(8);
            let mut said = vec![0; 8];
            for len in lengths {
                let frame: Vec<i16> = (0..len).map(|n| (said.len() + n) as i16).collect();
                memory.remember(&frame);
                said.extend(frame);
            }
            let mut recalled = [0.0; 8];
            memory.recall(&mut recalled);
            assert_eq!(recalled.map(|sample| sample as i16), said[said.len() - 8..], "{lengths:?}");
        }
    }

    #[test]
    fn codes_are_recalled_as_what_they_stand_for() {
        for law in [Law::Mu, Law::A] {
            let mut memory = Memory::of_codes(law, 200);
            let payload: Vec<u8> = (0..=255).collect();
            let mut pcm = [0; 256];
            law.decode(&payload, &mut pcm);
            memory.remember_codes(&payload[..100]);
            memory.remember(&pcm[100..]);
            let mut recalled = [0.0; 200];
            memory.recall(&mut recalled);
            assert!(recalled.iter().zip(&pcm[56..]).all(|(a, b)| *a == f32::from(*b)), "{law:?}");
            memory.forget();
            memory.recall(&mut recalled);
            assert!(recalled.iter().all(|sample| sample.abs() <= 8.0), "{law:?}");
        }
    }
}
