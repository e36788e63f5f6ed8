use std::f32::consts::TAU;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use confab_codec::Law;
use confab_rtp::{InboundConfig, InboundStats, Packet};

use super::*;
use crate::StreamConfig;

/// Length of what is played.
const SECONDS: u32 = 60;

const FORMAT: Format = Format { rate: 8000, interval_ms: 20 };

#[expect(clippy::disallowed_methods, reason = "some instant to count from")]
fn start() -> Instant {
    Instant::now()
}

/// What became of a stretch of sound.
struct Played {
    worst_delay: Duration,
    stats: InboundStats,
    /// The largest step between two samples.
    steepest: u16,
}

/// What a tick gets.
fn pulled(playout: &mut Playout, due: Instant, inbound: &mut Inbound) -> Option<Vec<i16>> {
    let mut frame = vec![0; playout.frame * playout.output.rate() / playout.rate];
    playout.pull(due, inbound, &mut frame).then_some(frame)
}

/// A voice of 125 Hz and its overtones, with a pause of 400 ms in each second if it `pauses`.
fn voice(at: u32, pauses: bool) -> i16 {
    if pauses && at % 8000 >= 4800 {
        return 0;
    }
    let wave = |harmonic: f32| (TAU * 125.0 * harmonic * (at % 8000) as f32 / 8000.0).sin();
    (4000.0 * wave(1.0) + 2000.0 * wave(2.0) + 1000.0 * wave(4.0)) as i16
}

/// Plays one minute of a sender whose clock is `ppm` off.
fn play(ppm: i64, pauses: bool, format: Format) -> Played {
    let start = start();
    let remote = SocketAddr::from(([127, 0, 0, 1], 4000));
    let mut inbound = Inbound::new(start, config(remote));
    let mut playout = Playout::new(Codec::Pcmu, format, Tuning::Fixed).unwrap();
    let (mut sent, mut worst_delay) = (0_u32, Duration::ZERO);
    let (mut last, mut steepest) = (0, 0);
    for tick in 0..SECONDS * 50 {
        let due = start + tick * Duration::from_millis(20);
        while sent_at(start, sent, ppm) <= due {
            inbound.receive(sent_at(start, sent, ppm), remote, &datagram(sent, pauses));
            sent += 1;
        }
        for sample in pulled(&mut playout, due, &mut inbound).unwrap_or_default() {
            steepest = steepest.max(sample.abs_diff(last));
            last = sample;
        }
        if tick > 100 {
            worst_delay = worst_delay.max(inbound.delay());
        }
    }
    Played { worst_delay, stats: inbound.stats(), steepest }
}

fn datagram(packet: u32, pauses: bool) -> [u8; 172] {
    let pcm: [i16; 160] = std::array::from_fn(|at| voice(packet * 160 + at as u32, pauses));
    let mut payload = [0; 160];
    Law::Mu.encode(&pcm, &mut payload);
    let mut datagram = [0; 172];
    let packet = Packet {
        sequence: packet as u16,
        timestamp: packet * 160,
        ssrc: 1,
        payload: &payload,
        ..Packet::default()
    };
    packet.write(&mut datagram);
    datagram
}

/// When a packet is sent, 3 ms after a tick at first.
fn sent_at(start: Instant, packet: u32, ppm: i64) -> Instant {
    start + Duration::from_micros(3000 + (i64::from(packet) * (20_000 - ppm * 20_000 / 1_000_000)) as u64)
}

fn config(remote: SocketAddr) -> InboundConfig {
    let stream = StreamConfig {
        remote: Some(remote),
        rtcp_mux: true,
        signalling_source: Some(remote.ip()),
        ..StreamConfig::new(Codec::Pcmu, 0)
    };
    stream.inbound(FORMAT.interval_ms)
}

#[test]
fn a_clock_that_is_off_builds_up_no_delay_and_is_not_heard() {
    let natural = play(0, false, FORMAT).steepest;
    for (ppm, limit_ms) in [(600, 45), (-600, 45), (6250, 80), (-6250, 80)] {
        for pauses in [true, false] {
            let Played { worst_delay, stats, steepest } = play(ppm, pauses, FORMAT);
            let what =
                format!("{ppm} ppm, pauses {pauses}: {worst_delay:?}, {steepest} over {natural}, {stats:?}");
            assert!(worst_delay <= Duration::from_millis(limit_ms), "{what}");
            assert!(steepest <= natural * 5 / 4, "{what}");
            assert_eq!((stats.buffer.discarded, stats.buffer.late), (0, 0), "{what}");
            let moved = stats.buffer.stretched_in + stats.buffer.stretched_out;
            assert!(moved as i64 >= i64::from(SECONDS) * ppm.abs() * 8 / 1000 - 400, "{what}");
        }
    }
}

#[test]
fn a_line_without_faults_passes_as_it_is() {
    let Played { stats, steepest, .. } = play(0, false, FORMAT);
    let buffer = stats.buffer;
    assert_eq!((buffer.concealed, buffer.stretched_in, buffer.stretched_out, stats.lost), (0, 0, 0, 0));
    assert_eq!(steepest, play(0, false, Format { rate: 8000, ..FORMAT }).steepest);
    let wide = play(0, false, Format { rate: 16_000, ..FORMAT });
    assert_eq!((wide.stats.buffer.concealed, wide.stats.buffer.stretched_out), (0, 0));
}

#[test]
fn the_last_sound_fades_out_and_then_there_is_nothing() {
    let (start, remote) = (start(), SocketAddr::from(([127, 0, 0, 1], 4000)));
    for rate in [8000, 16_000] {
        let mut inbound = Inbound::new(start, config(remote));
        let mut playout = Playout::new(Codec::Pcmu, Format { rate, ..FORMAT }, Tuning::Fixed).unwrap();
        let at = |tick: u32| start + tick * Duration::from_millis(20);
        for packet in 0..20 {
            inbound.receive(at(packet), remote, &datagram(packet, false));
            assert!(packet < 3 || pulled(&mut playout, at(packet), &mut inbound).is_some());
        }
        let (mut last, mut steepest) = (0_i16, 0);
        let mut ticks = 0;
        while let Some(frame) = pulled(&mut playout, at(20 + ticks), &mut inbound) {
            for sample in frame {
                steepest = steepest.max(sample.abs_diff(last) / (16_000 / rate) as u16);
                last = sample;
            }
            ticks += 1;
            assert!(ticks < 30, "it ends");
        }
        assert_eq!(last, 0, "{rate} Hz");
    }
}

/// For how many ticks a sender of Opus is heard after its last packet, whose gate is closed or not.
fn pause(withheld_below: Option<u32>) -> usize {
    let start = start();
    let remote = SocketAddr::from(([127, 0, 0, 1], 4000));
    let codec = Codec::Opus(confab_codec::Opus::default());
    let stream = StreamConfig { remote: Some(remote), ..StreamConfig::new(codec, 0) };
    let mut inbound = Inbound::new(start, InboundConfig { rtcp_mux: true, ..stream.inbound(20) });
    let mut playout = Playout::new(codec, Format { rate: 16_000, interval_ms: 20 }, Tuning::Fixed).unwrap();
    let mut octets = [0; 1300];
    let pcm: [i16; 320] = std::array::from_fn(|at| voice(at as u32 / 2, false));
    let len = confab_codec::Encoder::new(codec, 16_000).unwrap().encode(&pcm, &mut octets);
    let mut datagram = vec![0; 12 + len];
    Packet { payload: &octets[..len], ..Packet::default() }.write(&mut datagram);
    inbound.receive(start, remote, &datagram);
    playout.withhold(withheld_below);
    let mut is_heard = |tick: &u32| {
        let frame = pulled(&mut playout, start + *tick * Duration::from_millis(20), &mut inbound);
        frame.is_some_and(|frame| frame.iter().any(|&sample| sample != 0))
    };
    (0..100).filter(|tick| is_heard(tick)).count()
}

#[test]
fn comfort_noise_goes_on_only_if_it_is_heard() {
    let (heard, withheld) = (pause(None), pause(Some(100)));
    assert!(heard >= 25 && (1..4).contains(&withheld), "{heard} ticks, and {withheld} behind a closed gate");
}

fn opus(dtx: bool) -> Codec {
    Codec::Opus(confab_codec::Opus { dtx, ..confab_codec::Opus::default() })
}

/// How far one sound is off another, as a part of its energy.
fn difference(expected: Option<&[i16]>, got: Option<&[i16]>) -> f64 {
    let (expected, got) = (expected.unwrap(), got.unwrap());
    let off = expected.iter().zip(got).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum::<f64>();
    off / expected.iter().map(|&a| f64::from(a).powi(2)).sum::<f64>()
}

/// A sender of Opus with DTX.
struct Sender {
    start: Instant,
    packets: Vec<Vec<u8>>,
}

impl Sender {
    /// One packet of each tick, empty where none is sent: a second of speech, two seconds of silence, and speech again.
    fn pausing() -> Self {
        let mut encoder = confab_codec::Encoder::new(opus(true), 48_000).unwrap();
        let mut pcm = [0; 960];
        let packet = |tick: u32| {
            let speaks = !(50..150).contains(&tick);
            pcm = std::array::from_fn(|at| voice((tick * 960 + at as u32) / 6, false) * i16::from(speaks));
            let mut octets = vec![0; 1300];
            let len = encoder.encode(&pcm, &mut octets);
            octets.truncate(len);
            octets
        };
        Self { start: start(), packets: (0..200).map(packet).collect() }
    }

    /// What each tick gives.
    fn play(&self, playout: &mut Playout) -> Vec<Option<Vec<i16>>> {
        let remote = SocketAddr::from(([127, 0, 0, 1], 4000));
        let stream = StreamConfig { remote: Some(remote), ..StreamConfig::new(opus(true), 0) };
        let mut inbound = Inbound::new(self.start, InboundConfig { rtcp_mux: true, ..stream.inbound(20) });
        let mut sequence = 0;
        let mut tick = |(tick, payload): (u32, &Vec<u8>)| {
            let at = self.start + tick * Duration::from_millis(20);
            if !payload.is_empty() {
                let packet = Packet { sequence, timestamp: tick * 960, payload, ..Packet::default() };
                let mut datagram = vec![0; 12 + payload.len()];
                packet.write(&mut datagram);
                inbound.receive(at, remote, &datagram);
                sequence += 1;
            }
            pulled(playout, at + Duration::from_millis(5), &mut inbound)
        };
        (0..).zip(&self.packets).map(&mut tick).collect()
    }
}

#[test]
fn what_a_pausing_sender_tells_of_its_noise_costs_nothing_behind_a_closed_gate() {
    let sender = Sender::pausing();
    let updates = sender.packets[70..150].iter().filter(|packet| !packet.is_empty()).count();
    for tuning in [Tuning::Fixed, Tuning::Auto] {
        let playouts = [None, Some(100)].map(|withheld_below| {
            let mut playout =
                Playout::new(opus(true), Format { rate: 48_000, interval_ms: 20 }, tuning).unwrap();
            playout.withhold(withheld_below);
            (sender.play(&mut playout), playout.undecoded())
        });
        let [(heard, decoded), (withheld, undecoded)] = playouts;
        assert!(updates >= 3 && (decoded, undecoded) == (0, updates as u64), "{decoded}, {undecoded}");
        assert!(withheld[75..150].iter().all(Option::is_none), "the member rests");
        assert!(heard[75..95].iter().all(Option::is_some), "comfort noise is heard through an open gate");
        for tick in 150..200 {
            let off = difference(heard[tick].as_deref(), withheld[tick].as_deref());
            assert!(off < 0.02, "{tuning:?}, tick {tick}: {off}");
        }
    }
}

/// A sender whose voice flags are never set is decoded as soon as its packets follow one another.
#[test]
fn what_follows_without_a_pause_is_decoded_whatever_it_says_of_itself() {
    let mut sender = Sender::pausing();
    let silent = sender.packets[60].clone();
    sender.packets = vec![silent; 50];
    let mut playout =
        Playout::new(opus(true), Format { rate: 48_000, interval_ms: 20 }, Tuning::Fixed).unwrap();
    playout.withhold(Some(100));
    let played = sender.play(&mut playout);
    assert!(playout.decoder.is_voiceless(&sender.packets[0]));
    assert_eq!(playout.undecoded(), 1);
    assert!(played[0].is_none() && played[1..].iter().all(Option::is_some));
}

/// What is played of 30 packets, of which these are quiet, and how many were not decoded.
fn told(
    codec: Codec,
    format: Format,
    tuning: Tuning,
    quiet: Range<u32>,
    tells: bool,
) -> (Vec<Option<Vec<i16>>>, u64) {
    let (start, remote) = (start(), SocketAddr::from(([127, 0, 0, 1], 4000)));
    let stream = StreamConfig { remote: Some(remote), ..StreamConfig::new(codec, 0) };
    let mut inbound = Inbound::new(start, InboundConfig { rtcp_mux: true, ..stream.inbound(20) });
    let mut playout = Playout::new(codec, format, tuning).unwrap();
    let mut encoder = confab_codec::Encoder::new(codec, codec.sample_rate()).unwrap();
    let mut pull = |tick: u32| {
        let at = start + tick * Duration::from_millis(20);
        let is_quiet = quiet.contains(&tick);
        let step = 8000.0 / codec.sample_rate() as f32;
        let sample = |at: u32| voice((at as f32 * step) as u32, false) * i16::from(!is_quiet);
        let samples = codec.sample_rate() / 50;
        let pcm: Vec<i16> = (tick * samples..(tick + 1) * samples).map(sample).collect();
        let mut payload = vec![0; 2000];
        let len = encoder.encode(&pcm, &mut payload);
        let timestamp = tick * codec.clock_rate() / 50;
        let packet =
            Packet { sequence: tick as u16, timestamp, payload: &payload[..len], ..Packet::default() };
        let mut datagram = vec![0; 12 + len];
        packet.write(&mut datagram);
        inbound.receive(at, remote, &datagram);
        let level = AudioLevel { voice: !is_quiet, dbov: if is_quiet { 127 } else { 10 } };
        playout.note_audio(timestamp, tells.then_some(level));
        pulled(&mut playout, at + Duration::from_millis(5), &mut inbound)
    };
    ((0..30).map(&mut pull).collect(), playout.undecoded())
}

#[test]
fn packets_that_are_told_quiet_let_the_member_rest_and_speech_is_there_from_its_first_sample() {
    for (codec, rate) in
        [(Codec::Pcmu, 8000), (Codec::Pcmu, 16_000), (Codec::G722, 16_000), (opus(false), 48_000)]
    {
        for tuning in [Tuning::Fixed, Tuning::Auto] {
            let what = format!("{codec:?} at {rate} Hz, {tuning:?}");
            let format = Format { rate, interval_ms: 20 };
            let (expected, decoded) = told(codec, format, tuning, 5..25, false);
            let (played, undecoded) = told(codec, format, tuning, 5..25, true);
            assert_eq!((decoded, undecoded), (0, 10), "{what}: 200 ms were decoded");
            assert!(played[17..25].iter().all(Option::is_none), "{what}");
            assert!(expected.iter().all(Option::is_some), "{what}");
            for tick in (0..5).chain(25..30) {
                let off = difference(expected[tick].as_deref(), played[tick].as_deref());
                // Opus predicts from packets that were left out.
                let most = if codec.is_packetized() { 0.5 } else { 0.08 };
                assert!(off <= most, "{what}, tick {tick}: {off}");
            }
        }
    }
}

/// A decoder that has heard nothing is at rest.
#[test]
fn nothing_is_decoded_of_who_is_told_to_be_quiet_from_the_first_packet_on() {
    for (codec, rate) in [(Codec::Pcmu, 8000), (opus(false), 48_000)] {
        let format = Format { rate, interval_ms: 20 };
        let (expected, _) = told(codec, format, Tuning::Fixed, 0..25, false);
        let (played, undecoded) = told(codec, format, Tuning::Fixed, 0..25, true);
        assert_eq!(undecoded, 25, "{codec:?}");
        assert!(played[..25].iter().all(Option::is_none), "{codec:?}");
        let off = difference(expected[27].as_deref(), played[27].as_deref());
        assert!(off < 0.5, "{codec:?}: {off}");
    }
}

/// All that is played of a sound of 2.4 s in packets of so many ms, without the silence around it, and how much was concealed.
/// The `lost` one does not come.
fn in_packets(codec: Codec, packet_ms: u32, lost: Option<u32>) -> (Vec<i16>, u64) {
    let (start, remote) = (start(), SocketAddr::from(([127, 0, 0, 1], 4000)));
    let rate = codec.sample_rate();
    let stream = StreamConfig { remote: Some(remote), ..StreamConfig::new(codec, 0) };
    let mut inbound = Inbound::new(start, InboundConfig { rtcp_mux: true, ..stream.inbound(20) });
    let mut playout = Playout::new(codec, Format { rate, interval_ms: 20 }, Tuning::Fixed).unwrap();
    let mut encoder = confab_codec::Encoder::new(codec, rate).unwrap();
    let frames = packet_ms / 20;
    let mut played = Vec::new();
    for tick in 0..2400 / 20 + frames {
        let at = start + tick * Duration::from_millis(20);
        if tick % frames == 0 && (frames..=2400 / 20).contains(&tick) {
            let number = tick / frames - 1;
            let mut frame = |frame: u32| {
                let first = (number * frames + frame) * rate / 50;
                let pcm: Vec<i16> =
                    (first..first + rate / 50).map(|at| voice(at * 8 / (rate / 1000), false)).collect();
                let mut octets = vec![0; 1300];
                let len = encoder.encode(&pcm, &mut octets);
                octets.truncate(len);
                octets
            };
            let frames: Vec<Vec<u8>> = (0..frames).map(&mut frame).collect();
            let payload = joined(codec, &frames);
            let timestamp = number * packet_ms * codec.clock_rate() / 1000;
            let packet =
                Packet { sequence: number as u16, timestamp, payload: &payload, ..Packet::default() };
            let mut datagram = vec![0; 12 + payload.len()];
            packet.write(&mut datagram);
            if lost != Some(number) {
                inbound.receive(at, remote, &datagram);
            }
        }
        played.extend(pulled(&mut playout, at + Duration::from_millis(5), &mut inbound).unwrap_or_default());
    }
    (played, inbound.stats().buffer.concealed_units)
}

/// One payload of frames: those of Opus with their lengths (RFC 6716 §3.2.5).
fn joined(codec: Codec, frames: &[Vec<u8>]) -> Vec<u8> {
    if !codec.is_packetized() || frames.len() == 1 {
        return frames.concat();
    }
    let mut payload = vec![frames[0][0] | 3, 0x80 | frames.len() as u8];
    payload.extend(frames[..frames.len() - 1].iter().map(|frame| u8::try_from(frame.len() - 1).unwrap()));
    frames.iter().for_each(|frame| payload.extend(&frame[1..]));
    payload
}

#[test]
fn long_packets_are_played_in_parts_without_a_sample_lost() {
    for (codec, lengths) in
        [(opus(false), [60, 80, 120]), (Codec::Pcmu, [60, 120, 240]), (Codec::G722, [60, 80, 240])]
    {
        let (expected, _) = in_packets(codec, 20, None);
        for packet_ms in lengths {
            let (played, concealed) = in_packets(codec, packet_ms, None);
            assert_eq!(concealed, 0, "{codec:?} of {packet_ms} ms");
            let len = expected.len().min(played.len());
            assert!(len >= 2300 * codec.sample_rate() as usize / 1000 && expected[..len] == played[..len]);
        }
    }
}

#[test]
fn a_long_packet_that_is_lost_is_concealed_as_a_whole() {
    for (codec, packet_ms) in [(opus(false), 120), (Codec::Pcmu, 160)] {
        let (expected, _) = in_packets(codec, packet_ms, None);
        let (played, concealed) = in_packets(codec, packet_ms, Some(8));
        assert!(concealed >= u64::from(packet_ms * codec.clock_rate() / 1000), "{codec:?}: {concealed}");
        let end = expected.len().min(played.len());
        let per_ms = codec.sample_rate() as usize / 1000;
        let (before, after) = (8 * packet_ms as usize * per_ms, end - 400 * per_ms);
        assert_eq!(expected[..before], played[..before], "{codec:?}");
        let off = difference(Some(&expected[after..end]), Some(&played[after..end]));
        assert!(off < 0.001, "{codec:?}: what follows comes in its time, {off}");
    }
}
