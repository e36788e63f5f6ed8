//! One render and one encode for all who hear the same thing in the same codec.

use confab_codec::Law;
use confab_mixer::{ListenKey, Mixer};

const LAWS: usize = 2;

/// The encoded frames of one tick, by what is heard and by codec.
#[derive(Debug)]
pub(crate) struct Encodings {
    pcm: Vec<i16>,
    octets: Vec<u8>,
    ready: Vec<bool>,
}

impl Encodings {
    /// For frames of `frame` samples; no place for members yet.
    pub(crate) fn new(frame: usize) -> Self {
        Self { pcm: vec![0; frame], octets: Vec::new(), ready: Vec::new() }
    }

    /// Makes place for so many members; not for the audio path.
    pub(crate) fn reserve_for(&mut self, members: usize) {
        let places = self.ready.len().max(members * LAWS);
        self.ready.resize(places, false);
        self.octets.resize(places * self.pcm.len(), 0);
    }

    /// Forgets the last tick's frames.
    pub(crate) fn clear(&mut self) {
        self.ready.fill(false);
    }

    /// The frame that is heard under `key`, in G.711; made when it is asked for first. Empty for a key beyond
    /// the members.
    pub(crate) fn frame(&mut self, mixer: &mut Mixer, key: ListenKey, law: Law) -> &[u8] {
        let place = key.index() * LAWS + usize::from(law == Law::A);
        let octets = place * self.pcm.len()..(place + 1) * self.pcm.len();
        let (Some(ready), Some(frame)) = (self.ready.get_mut(place), self.octets.get_mut(octets)) else {
            return &[];
        };
        if !*ready {
            mixer.render(key, &mut self.pcm);
            law.encode(&self.pcm, frame);
            *ready = true;
        }
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_mixer::{Hear, MemberConfig, MixerConfig};

    #[test]
    fn one_frame_for_each_key_and_law() {
        let mut mixer = Mixer::new(MixerConfig { rate: 8000, interval_ms: 20, comfort_noise: None });
        let hearing = MemberConfig { speak: true, hear: Hear::Room { gain_db: 0.0 }, energy: 0 };
        let slots: Vec<_> = (0..3).map(|_| mixer.add(hearing)).collect();
        let mut encodings = Encodings::new(160);
        encodings.reserve_for(3);
        for _ in 0..10 {
            mixer.input(slots[0]).fill(5000);
            drop(mixer.tick());
        }
        encodings.clear();
        let mut hears = |slot, law| {
            let key = mixer.listening(slot);
            encodings.frame(&mut mixer, key, law).to_vec()
        };
        let heard = hears(slots[1], Law::Mu);
        assert_ne!(heard, [Law::Mu.silence(); 160]);
        assert_eq!(heard, hears(slots[2], Law::Mu));
        assert_ne!(heard, hears(slots[1], Law::A));
        assert_eq!(hears(slots[0], Law::Mu), [Law::Mu.silence(); 160], "the talker does not hear himself");
    }
}
