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
    desk: Desk,
    feeds: Feeds,
    members: Vec<Member>,
    ticks: usize,
}

struct Member {
    slot: Slot,
    codec: Codec,
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
        let (feeds, desk) = (Feeds::new(format), Desk::default());
        let mut hall = Self { format, mixer, desk, feeds, members: Vec::new(), ticks: 0 };
        codecs.iter().for_each(|&codec| hall.join(codec));
        hall
    }

    fn join(&mut self, codec: Codec) {
        self.join_without_feed(codec);
        self.lend(codec, 1);
    }

    fn lend(&mut self, codec: Codec, feeds: usize) {
        for _ in 0..feeds {
            let feed = Feed::new(codec, self.format, Tuning::Fixed).expect("a feed");
            assert!(self.feeds.add(Box::new(feed)).is_none(), "there is a place for it");
        }
    }

    fn join_without_feed(&mut self, codec: Codec) {
        let config =
            MemberConfig { speak: true, hear: Hear::Room { gain_db: 0.0 }, ..MemberConfig::default() };
        let decoder = Decoder::new(codec, codec.coder_rate(self.format.rate)).expect("a decoder");
        let slot = self.mixer.add(config);
        self.feeds.enter(Some(slot), codec);
        let member =
            Member { slot, codec, decoder, voice: (0.0, 0.0), heard: Vec::new(), packets: Vec::new() };
        self.members.push(member);
    }

    fn run(&mut self, ms: usize) {
        (0..ms / 20).for_each(|_| self.tick());
    }

    fn tick(&mut self) {
        let (rate, frame) = (self.format.rate as f32, self.format.frame());
        for member in self.members.iter().filter(|member| member.voice.1 > 0.0) {
            let (frequency, amplitude) = member.voice;
            let sample = |i: usize| {
                let time = (self.ticks * frame + i) as f32 / rate;
                (amplitude * (TAU * (frequency * time).fract()).sin()) as i16
            };
            self.mixer.input(member.slot, &(0..frame).map(sample).collect::<Vec<i16>>());
        }
        self.mixer.tick(&mut self.desk).for_each(drop);
        self.feeds.choose(&self.mixer);
        for (index, member) in self.members.iter_mut().enumerate() {
            let mut pcm = [0; 2880];
            let Some(coded) = self.feeds.coded(index, &mut self.mixer, &mut self.desk) else {
                let rate = member.codec.coder_rate(self.format.rate);
                let missed = &mut pcm[..(self.feeds.missed_ms(index) * rate / 1000) as usize];
                member.decoder.conceal(missed);
                member.heard.extend_from_slice(missed);
                continue;
            };
            for piece in coded.pieces() {
                let len = member.decoder.decode(piece, &mut pcm).expect("what was coded can be decoded");
                member.heard.extend_from_slice(&pcm[..len]);
                member.packets.push(self.ticks);
            }
        }
        self.ticks += 1;
    }

    /// The last member goes; a feed that is not needed any more.
    fn pop(&mut self) -> Option<Box<Feed>> {
        let member = self.members.pop().expect("a member");
        self.mixer.remove(member.slot).for_each(drop);
        let feed = self.feeds.leave(self.members.len());
        self.feeds.remove(self.members.len());
        feed
    }

    fn demand(&mut self) -> usize {
        self.feeds.demands().map(|demand| demand.feeds).sum()
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

/// Each stands beside one that becomes one with another at the same time.
#[test]
fn many_encoders_become_one_together() {
    let mut hall = Hall::new(48_000, &[OPUS; 8]);
    (0..8).for_each(|member| hall.talks(member, 400.0 + 50.0 * member as f32, 2000.0));
    hall.run(500);
    (1..8).for_each(|member| hall.talks(member, 0.0, 0.0));
    hall.run(1000);
    assert_eq!(hall.encodes_of_a_tick(), 8);
    hall.run(5500);
    assert_eq!(hall.encodes_of_a_tick(), 2);
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
    let feeds: Vec<_> = hall.feeds.followers.iter().map(|follower| follower.feed).collect();
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
    while let Some(codec) = hall.members.last().map(|member| member.codec) {
        assert!(hall.pop().is_some_and(|feed| feed.suits(codec)));
        hall.run(20 * (hall.members.len() % 3));
    }
    assert!(hall.feeds.places.iter().all(Option::is_none));
}

#[test]
fn where_many_have_a_coder_few_feeds_will_do() {
    let mut hall = Hall::new(48_000, &[OPUS; Feed::FEW]);
    (Feed::FEW..64).for_each(|_| hall.join_without_feed(OPUS));
    (0..2).for_each(|member| hall.talks(member, 300.0 + 100.0 * member as f32, 4000.0));
    hall.run(200);
    assert_eq!((hall.demand(), hall.feeds.short()), (0, 0), "half of the reserve is left");
    hall.talks(2, 600.0, 4000.0);
    hall.tick();
    let missing = hall.demand();
    assert_eq!(missing, 7, "4 are followed, and 11 ought to be spare");
    assert_eq!(hall.demand(), 0, "they are on their way");
    let again: usize = (0..10).map(|_| hall.demand()).sum();
    assert_eq!(again, missing, "what does not come is asked for again");
    hall.lend(OPUS, missing);
    hall.run(100);
    let given_back = std::iter::from_fn(|| (hall.members.len() > 4).then(|| hall.pop())).flatten().count();
    assert_eq!(given_back, Feed::FEW + missing - 4, "those who stay have one each");
    assert_eq!(hall.feeds.short(), 0);
}

/// More begin to talk in one tick than there are feeds for: none ever hears himself, and none a click.
#[test]
fn who_finds_no_feed_is_sent_nothing_until_there_is_one() {
    for (codec, rate) in [(Codec::Pcmu, 16_000), (Codec::G722, 16_000), (OPUS, 48_000)] {
        let mut hall = Hall::new(rate, &[codec; Feed::FEW]);
        (Feed::FEW..16).for_each(|_| hall.join_without_feed(codec));
        hall.talks(0, 1000.0, 3277.0);
        hall.run(1000);
        (1..16).for_each(|member| hall.talks(member, 300.0 + 200.0 * member as f32, 1000.0));
        (0..3).for_each(|_| hall.tick());
        let short = hall.feeds.short();
        assert!(short >= 3 * 7, "{codec:?}: {short}");
        let missing = hall.demand();
        assert!(missing >= 8, "{codec:?}: {missing}");
        hall.lend(codec, missing);
        (1..16).for_each(|member| hall.talks(member, 0.0, 0.0));
        hall.talks(15, 3300.0, 3277.0);
        hall.run(1000);
        assert_eq!(hall.feeds.short(), short, "{codec:?}");
        let residual = hall.worst_residual(15, 1200..2000, 1000.0);
        assert!(residual < -50.0, "{codec:?}: {residual} dBov beside the tone of the other one who talks");
    }
}

#[test]
fn long_packets_are_missed_whole() {
    let codec = Codec::Opus(Opus { packet_ms: 60, ..Opus::default() });
    let mut hall = Hall::new(16_000, &[]);
    hall.join_without_feed(codec);
    let missed: Vec<u32> = std::iter::from_fn(|| {
        hall.tick();
        Some(hall.feeds.missed_ms(0))
    })
    .take(6)
    .collect();
    assert_eq!(missed.iter().sum::<u32>(), 120, "{missed:?}");
    assert_eq!(missed.iter().filter(|&&ms| ms == 60).count(), 2, "{missed:?}");
}

#[test]
fn another_setting_of_the_same_codec_is_a_feed_of_its_own_until_it_is_the_same_again() {
    let mut hall = Hall::new(48_000, &[OPUS; 4]);
    hall.talks(0, 1000.0, 3277.0);
    hall.run(1000);
    let Codec::Opus(opus) = OPUS else { return };
    let set = |hall: &mut Hall, expected_loss| {
        hall.feeds.set(1, Codec::Opus(Opus { expected_loss, ..opus }));
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
