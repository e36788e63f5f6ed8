use std::f32::consts::TAU;
use std::net::SocketAddr;
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
        for &sample in playout.pull(due, &mut inbound).unwrap_or_default() {
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
            assert!(packet < 3 || playout.pull(at(packet), &mut inbound).is_some());
        }
        let (mut last, mut steepest) = (0_i16, 0);
        let mut ticks = 0;
        while let Some(frame) = playout.pull(at(20 + ticks), &mut inbound) {
            for &sample in frame {
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
    let len = confab_codec::Encoder::new(codec, 16_000).unwrap().encode(&[100; 320], &mut octets);
    let mut datagram = vec![0; 12 + len];
    Packet { payload: &octets[..len], ..Packet::default() }.write(&mut datagram);
    inbound.receive(start, remote, &datagram);
    playout.withhold(withheld_below);
    let mut is_heard = |tick: &u32| {
        let frame = playout.pull(start + *tick * Duration::from_millis(20), &mut inbound);
        frame.is_some_and(|frame| frame.iter().any(|&sample| sample != 0))
    };
    (0..100).filter(|tick| is_heard(tick)).count()
}

#[test]
fn comfort_noise_goes_on_only_if_it_is_heard() {
    let (heard, withheld) = (pause(None), pause(Some(100)));
    assert!(heard >= 25 && (1..4).contains(&withheld), "{heard} ticks, and {withheld} behind a closed gate");
}
