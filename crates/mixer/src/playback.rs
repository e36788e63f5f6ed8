//! Sounds that are played to a room or to one member.

use crate::Slot;
use crate::gain::{Ramp, amplitude};
use std::sync::Arc;

/// Sounds to be played one after the other, without a gap.
#[derive(Debug, Clone)]
pub struct Playback {
    /// Name of the playback, chosen by the caller and never used twice.
    pub id: u64,
    /// The sounds, at the room's rate.
    pub sounds: Vec<Arc<[i16]>>,
    /// Whether to begin again after the last one, for ever.
    pub repeat: bool,
    /// Gain, dB.
    pub gain_db: f32,
    /// Silence before the first sound, ms.
    pub lead_in_ms: u32,
    /// By how much the voices and the music in the room are lowered meanwhile for those who hear it, dB.
    pub duck_db: f32,
}

/// A playback and how far it is.
#[derive(Debug)]
pub(crate) struct Playing {
    pub(crate) playback: Playback,
    /// The member it is played to; `None` is the room.
    pub(crate) to: Option<Slot>,
    gain: f32,
    /// What it leaves of the room.
    ducking: f32,
    /// Samples of the lead-in that are left.
    lead_in: usize,
    sound: usize,
    position: usize,
    stopped: bool,
}

impl Playing {
    pub(crate) fn new(playback: Playback, to: Option<Slot>, rate: u32) -> Self {
        let lead_in = u64::from(playback.lead_in_ms) * u64::from(rate) / 1000;
        let (gain, ducking) = (amplitude(playback.gain_db), amplitude(-playback.duck_db.max(0.0)));
        Self { playback, to, gain, ducking, lead_in: lead_in as usize, sound: 0, position: 0, stopped: false }
    }

    /// Goes on with the same sounds at another rate; gives back those it had.
    pub(crate) fn retune(&mut self, sounds: &mut Vec<Arc<[i16]>>, from: u32, to: u32) {
        std::mem::swap(&mut self.playback.sounds, sounds);
        let scaled = |samples: usize| (samples as u64 * u64::from(to) / u64::from(from)) as usize;
        (self.position, self.lead_in) = (scaled(self.position), scaled(self.lead_in));
    }

    /// Lets the next frame be the last one, which fades out.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether it is for all of the room: something said, or music.
    pub(crate) fn is_announcement(&self) -> bool {
        self.to.is_none() && !self.playback.repeat
    }

    /// The part of the room that it leaves; all of it when it has been stopped.
    pub(crate) fn ducking(&self) -> f32 {
        if self.stopped { 1.0 } else { self.ducking }
    }

    pub(crate) fn ramp(&self) -> Ramp {
        Ramp { from: self.gain, to: if self.stopped { 0.0 } else { self.gain } }
    }

    /// Writes the next frame; false when nothing comes after it.
    pub(crate) fn next(&mut self, frame: &mut [i16]) -> bool {
        let pause = self.lead_in.min(frame.len());
        self.lead_in -= pause;
        let (silence, mut rest) = frame.split_at_mut(pause);
        silence.fill(0);
        while self.find_sound() {
            if rest.is_empty() {
                return true;
            }
            let sound = &self.playback.sounds[self.sound][self.position..];
            let (now, later) = rest.split_at_mut(sound.len().min(rest.len()));
            now.copy_from_slice(&sound[..now.len()]);
            self.position += now.len();
            rest = later;
        }
        rest.fill(0);
        false
    }

    /// Moves on to the sound that has samples left, from the last to the first if they are repeated.
    fn find_sound(&mut self) -> bool {
        let sounds = &self.playback.sounds;
        let repeats = self.playback.repeat && sounds.iter().any(|sound| !sound.is_empty());
        while self.sound < sounds.len() || repeats {
            self.sound %= sounds.len();
            if self.position < sounds[self.sound].len() {
                return true;
            }
            self.sound += 1;
            self.position = 0;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn playing(sounds: &[&[i16]], repeat: bool, lead_in_ms: u32) -> Playing {
        let sounds = sounds.iter().map(|&sound| sound.into()).collect();
        Playing::new(Playback { id: 1, sounds, repeat, gain_db: 0.0, lead_in_ms, duck_db: 0.0 }, None, 1000)
    }

    #[test]
    fn sounds_follow_each_other_without_a_gap() {
        let mut playing = playing(&[&[1, 2, 3], &[], &[4, 5]], false, 2);
        let mut frame = [9; 4];
        assert!(playing.next(&mut frame));
        assert_eq!(frame, [0, 0, 1, 2]);
        assert!(!playing.next(&mut frame));
        assert_eq!(frame, [3, 4, 5, 0]);
    }

    #[test]
    fn the_end_is_known_with_the_last_sample() {
        assert!(!playing(&[&[1, 2]], false, 0).next(&mut [0; 2]));
        assert!(!playing(&[], false, 0).next(&mut [0; 2]));
    }

    #[test]
    fn a_repetition_has_no_gap_and_nothing_is_not_repeated_for_ever() {
        let mut endless = playing(&[&[1, 2, 3], &[]], true, 0);
        let mut frame = [0; 7];
        assert!(endless.next(&mut frame));
        assert_eq!(frame, [1, 2, 3, 1, 2, 3, 1]);
        assert!(!playing(&[&[], &[]], true, 0).next(&mut frame));
        assert!(!playing(&[], true, 0).next(&mut frame));
    }
}
