use super::*;
use crate::format::Tuning;

use std::f32::consts::TAU;
use std::ops::Range;

use confab_codec::{Decoder, Opus};
use confab_mixer::{Control, Hear, MemberConfig, MixerConfig, Slot, level_dbov};

const OPUS: Codec = Codec::Opus(Opus {
    bitrate: 32_000,
    complexity: 5,
    fec: true,
    expected_loss: 0,
    dtx: false,
    packet_ms: 20,
});

/// A room whose members hear each other through real coders.
struct Hall {
    format: Format,
    mixer: Mixer,
    feeds: Feeds,
    members: Vec<Member>,
    ticks: usize,
}

struct Member {
    slot: Slot,
    codec: Codec,
    feed: Option<FeedId>,
    decoder: Decoder,
    /// Frequency and amplitude of its voice.
    voice: (f32, f32),
    heard: Vec<i16>,
    packets: Vec<usize>,
}

impl Hall {
    fn new(rate: u32, codecs: &[Codec]) -> Self {
        let format = Format::new(rate, 20).expect("a format");
        let mixer = Mixer::new(MixerConfig { rate, interval_ms: 20, ..MixerConfig::default() });
        let mut hall = Self { format, mixer, feeds: Feeds::new(format), members: Vec::new(), ticks: 0 };
        codecs.iter().for_each(|&codec| hall.join(codec));
        hall
    }

    fn join(&mut self, codec: Codec) {
        let config =
            MemberConfig { speak: true, hear: Hear::Room { gain_db: 0.0 }, ..MemberConfig::default() };
        let decoder = Decoder::new(codec, codec.coder_rate(self.format.rate)).expect("a decoder");
        let feed = Feed::new(codec, self.format, Tuning::Fixed).expect("a feed");
        self.feeds.grow(self.members.len() + 1);
        self.feeds.add(Box::new(feed));
        let slot = self.mixer.add(config);
        let member = Member {
            slot,
            codec,
            feed: None,
            decoder,
            voice: (0.0, 0.0),
            heard: Vec::new(),
            packets: Vec::new(),
        };
        self.members.push(member);
    }

    fn run(&mut self, ms: usize) {
        (0..ms / 20).for_each(|_| self.tick());
    }

    fn tick(&mut self) {
        let (rate, frame) = (self.format.rate as f32, self.format.frame());
        for member in self.members.iter().filter(|member| member.voice.1 > 0.0) {
            let (frequency, amplitude) = member.voice;
            for (i, sample) in self.mixer.input(member.slot).iter_mut().enumerate() {
                let time = (self.ticks * frame + i) as f32 / rate;
                *sample = (amplitude * (TAU * (frequency * time).fract()).sin()) as i16;
            }
        }
        self.mixer.tick().for_each(drop);
        self.follow();
        for member in &mut self.members {
            let id = member.feed.expect("each member has a feed");
            for piece in self.feeds.coded(id, &mut self.mixer).pieces() {
                let mut pcm = [0; 2880];
                let len = member.decoder.decode(piece, &mut pcm).expect("what was coded can be decoded");
                member.heard.extend_from_slice(&pcm[..len]);
                member.packets.push(self.ticks);
            }
        }
        self.feeds.advance();
        self.ticks += 1;
    }

    fn follow(&mut self) {
        self.feeds.begin();
        for member in &self.members {
            if let Some(id) = member.feed {
                self.feeds.vote(id, self.mixer.listening(member.slot), member.codec);
            }
        }
        self.feeds.count();
        for member in &mut self.members {
            member.feed = self.feeds.settle(member.feed, self.mixer.listening(member.slot), member.codec);
        }
    }

    fn talks(&mut self, member: usize, frequency: f32, amplitude: f32) {
        self.members[member].voice = (frequency, amplitude);
    }

    fn encodes_of_a_tick(&mut self) -> u64 {
        let before = self.feeds.encodes();
        self.tick();
        self.feeds.encodes() - before
    }

    /// What the member heard of these ms, in each 5 of them, beside its tone of `frequency`: the worst, dBov.
    fn worst_residual(&self, member: usize, heard_ms: Range<usize>, frequency: f32) -> f32 {
        let member = &self.members[member];
        let rate = member.codec.coder_rate(self.format.rate) as usize;
        let heard = &member.heard[heard_ms.start * rate / 1000..heard_ms.end * rate / 1000];
        let residuals = heard.chunks_exact(rate / 200).map(|part| residual(part, frequency, rate as f32));
        residuals.fold(f32::MIN, f32::max)
    }
}

/// What is left of the samples without their part of this frequency, dBov.
fn residual(samples: &[i16], frequency: f32, rate: f32) -> f32 {
    let wave = |i: usize| (TAU * frequency * i as f32 / rate).sin_cos();
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (i, &sample) in samples.iter().enumerate() {
        sine += f32::from(sample) * wave(i).0;
        cosine += f32::from(sample) * wave(i).1;
    }
    let scale = 2.0 / samples.len() as f32;
    let rest = |(i, &sample): (usize, &i16)| {
        let tone = scale * (sine * wave(i).0 + cosine * wave(i).1);
        (f32::from(sample) - tone).round() as i16
    };
    level_dbov(&samples.iter().enumerate().map(rest).collect::<Vec<_>>())
}

#[test]
fn who_hears_the_same_in_the_same_codec_shares_one_encode() {
    let mut codecs = vec![Codec::Pcmu; 5];
    codecs.extend([Codec::G722; 5]);
    codecs.extend([OPUS; 5]);
    let mut hall = Hall::new(16_000, &codecs);
    hall.run(200);
    assert_eq!(hall.encodes_of_a_tick(), 3);
    hall.talks(6, 500.0, 5000.0);
    hall.run(200);
    assert_eq!(hall.encodes_of_a_tick(), 4, "the talker has an encoder of his own");
    hall.talks(6, 0.0, 0.0);
    hall.run(3000);
    assert_eq!(hall.encodes_of_a_tick(), 3, "until he has been quiet for a while");
}

/// Somebody hears a tone, talks meanwhile, stops again, and is back among the other listeners in the next pause.
#[test]
fn a_listener_who_talks_and_stops_hears_no_click() {
    for (codec, rate) in [(Codec::Pcma, 8000), (Codec::Pcma, 16_000), (Codec::G722, 16_000), (OPUS, 48_000)] {
        let mut hall = Hall::new(rate, &[codec; 3]);
        hall.talks(0, 1000.0, 3277.0);
        hall.run(1000);
        hall.talks(1, 400.0, 8000.0);
        hall.run(500);
        hall.talks(1, 0.0, 0.0);
        hall.run(1000);
        hall.talks(0, 0.0, 0.0);
        hall.run(500);
        assert_eq!(hall.encodes_of_a_tick(), 1, "{codec:?}: all are together");
        hall.talks(0, 1000.0, 3277.0);
        hall.run(1000);
        let steady = hall.worst_residual(2, 500..2400, 1000.0);
        for heard_ms in [500..2400, 3200..4000] {
            let moved = hall.worst_residual(1, heard_ms, 1000.0);
            assert!(moved < -50.0, "{codec:?} at {rate}: {moved} dBov, {steady} for who was never moved");
        }
    }
}

#[test]
fn without_a_pause_encoders_become_one_all_the_same() {
    let mut hall = Hall::new(48_000, &[OPUS; 3]);
    hall.talks(0, 1000.0, 3277.0);
    hall.talks(1, 400.0, 8000.0);
    hall.run(500);
    hall.talks(1, 0.0, 0.0);
    hall.run(1000);
    assert_eq!(hall.encodes_of_a_tick(), 3);
    hall.run(5000);
    assert_eq!(hall.encodes_of_a_tick(), 2);
    let moved = hall.worst_residual(1, 1500..6500, 1000.0);
    assert!(moved < -50.0, "{moved} dBov");
}

#[test]
fn who_is_not_moved_notices_nothing() {
    let listen = |others_move: bool| {
        let mut hall = Hall::new(16_000, &[Codec::G722; 4]);
        hall.talks(0, 1000.0, 3277.0);
        hall.run(1000);
        if others_move {
            hall.mixer.set(hall.members[1].slot, Control::ListenGain(2));
        }
        hall.run(1000);
        hall.members.swap_remove(3).heard
    };
    assert_eq!(listen(true), listen(false));
}

#[test]
fn those_who_leave_together_stay_together() {
    let mut hall = Hall::new(16_000, &[Codec::G722; 7]);
    hall.talks(0, 1000.0, 3277.0);
    hall.run(1000);
    let before = hall.encodes_of_a_tick();
    for member in 1..4 {
        hall.mixer.set(hall.members[member].slot, Control::ListenGain(-2));
    }
    hall.run(100);
    assert_eq!(hall.encodes_of_a_tick(), before + 1);
    let feeds: Vec<_> = hall.members.iter().map(|member| member.feed).collect();
    assert!(feeds[1] == feeds[2] && feeds[2] == feeds[3] && feeds[3] != feeds[4] && feeds[4] == feeds[6]);
}

#[test]
fn packets_of_any_length_are_full_at_the_same_ticks() {
    for packet_ms in [10, 20, 40, 60] {
        let codec = Codec::Opus(Opus { packet_ms, ..Opus::default() });
        let mut hall = Hall::new(16_000, &[codec; 2]);
        hall.run(100);
        hall.join(codec);
        hall.talks(0, 1000.0, 3277.0);
        hall.run(1260);
        let late =
            |packets: &[usize]| packets.iter().filter(|&&tick| tick >= 20).copied().collect::<Vec<_>>();
        let all: Vec<_> = hall.members.iter().map(|member| late(&member.packets)).collect();
        assert_eq!(all[0], all[2], "{packet_ms} ms");
        assert_eq!(all[0].len(), 48 * 20 / usize::from(packet_ms), "{packet_ms} ms");
    }
}

#[test]
fn every_leg_that_goes_gets_a_feed_to_take_away() {
    let mut hall = Hall::new(16_000, &[Codec::G722, OPUS, Codec::G722, OPUS, Codec::Pcmu, Codec::G722]);
    (0..6).for_each(|member| hall.talks(member, 300.0 + 100.0 * member as f32, 4000.0));
    hall.run(200);
    while let Some(member) = hall.members.pop() {
        hall.mixer.remove(member.slot).for_each(drop);
        let is_last = hall.members.iter().all(|other| other.feed != member.feed);
        let feed = hall.feeds.remove(member.codec, member.feed, is_last);
        assert!(feed.is_some_and(|feed| feed.suits(member.codec)));
        hall.run(20 * (hall.members.len() % 3));
    }
    assert!(hall.feeds.places.iter().all(Option::is_none));
}

#[test]
fn another_setting_of_the_same_codec_is_a_feed_of_its_own_until_it_is_the_same_again() {
    let mut hall = Hall::new(48_000, &[OPUS; 4]);
    hall.talks(0, 1000.0, 3277.0);
    hall.run(1000);
    let Codec::Opus(opus) = OPUS else { return };
    let set = |hall: &mut Hall, expected_loss| {
        hall.members[1].codec = Codec::Opus(Opus { expected_loss, ..opus });
        hall.run(1000);
        hall.encodes_of_a_tick()
    };
    assert_eq!(set(&mut hall, 10), 3);
    assert_eq!(set(&mut hall, 0), 3, "until there is a pause");
    hall.talks(0, 0.0, 0.0);
    hall.run(500);
    assert_eq!(hall.encodes_of_a_tick(), 1);
    // When it begins to expect loss libopus goes from one of its modes to the other, at −46 dBov; this is the way back.
    let worst = hall.worst_residual(1, 2000..3000, 1000.0);
    assert!(worst < -50.0, "{worst} dBov");
}
