use confab_mixer::Tone;

use super::analysis::{describe, dominant_tone, hears, silent_of, steady_level};
use super::*;

const RATE: u32 = 8000;
const SAMPLES_PER_MS: usize = 8;
const MS: Duration = Duration::from_millis(1);

/// Twenty milliseconds of audio a packet, in virtual time.
struct Sender {
    heard: Heard,
    now: Instant,
    header: Header,
}

impl Sender {
    fn new() -> Self {
        let header = Header { ssrc: 1, sequence: u16::MAX - 5, timestamp: u32::MAX - 1000, marker: false };
        Self { heard: Heard::new(Duration::from_secs(120)), now: Instant::now(), header }
    }

    fn send(&mut self, audio: &[i16]) {
        for packet in audio.chunks(160) {
            self.arrive(packet);
            self.pass(packet.len() as u32);
        }
    }

    /// A packet that does not arrive.
    fn lose(&mut self) {
        self.pass(160);
    }

    fn arrive(&self, audio: &[i16]) {
        self.heard.arrived(&Arrived { at: self.now, header: self.header, audio: Some(audio) });
    }

    fn pass(&mut self, samples: u32) {
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(samples);
        self.now += samples / 8 * MS;
    }

    fn last(&self, ms: u32) -> Vec<i16> {
        self.heard.samples_at(self.now, ms * MS).0
    }
}

fn tone(hz: f32, dbov: f32, ms: usize) -> Vec<i16> {
    let mut samples = vec![0; ms * SAMPLES_PER_MS];
    Tone::new(RATE, hz, dbov).fill(&mut samples);
    samples
}

fn mix(a: &[i16], b: &[i16]) -> Vec<i16> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

#[test]
fn a_level_is_read_only_where_nothing_is_missing_and_nothing_changes() {
    let whole = tone(440.0, -20.0, 320);
    assert!((steady_level(&whole, RATE, 440.0).unwrap() + 20.0).abs() < 0.2);
    let mut torn = whole.clone();
    torn[800..960].fill(0);
    assert_eq!(steady_level(&torn, RATE, 440.0), None, "a lost packet");
    let mut louder = whole;
    louder[2240..].iter_mut().for_each(|sample| *sample += *sample / 2);
    assert_eq!(steady_level(&louder, RATE, 440.0), None, "a change");
}

#[test]
fn a_level_is_true_also_where_a_packet_was_left_out() {
    let mut spliced = tone(520.0, -20.0, 340);
    spliced.drain(1280..1440);
    let whole = tone_level_dbov(&spliced, RATE, 520.0);
    assert!(whole < -29.0, "the test would not notice halves that cancel each other: {whole}");
    assert!((steady_level(&spliced, RATE, 520.0).unwrap() + 20.0).abs() < 0.2);
}

#[test]
fn levels_are_true_within_a_fifth_of_a_decibel() {
    for dbov in [-6.0, -20.0, -35.0, -50.0] {
        let mut sender = Sender::new();
        sender.send(&tone(440.0, dbov, 1000));
        let samples = sender.last(320);
        let level = tone_level_dbov(&samples, RATE, 440.0);
        assert!((level - dbov).abs() < 0.2, "{level} dBov instead of {dbov}");
        assert!((level_dbov(&samples) - dbov).abs() < 0.2);
    }
}

#[test]
fn a_tone_is_told_from_its_neighbours() {
    let mut sender = Sender::new();
    sender.send(&mix(&tone(440.0, -10.0, 1000), &tone(600.0, -35.0, 1000)));
    let samples = sender.last(320);
    assert!(hears(&samples, RATE, 440.0) && hears(&samples, RATE, 600.0));
    for hz in [300.0, 520.0, 700.0, 880.0] {
        assert!(!hears(&samples, RATE, hz) && silent_of(&samples, RATE, hz), "{hz} Hz");
    }
    let level = tone_level_dbov(&samples, RATE, 600.0);
    assert!((level + 35.0).abs() < 0.2, "{level} dBov beside a louder tone");
}

#[test]
fn a_tone_that_stops_is_gone_within_the_window() {
    let mut sender = Sender::new();
    sender.send(&tone(440.0, -20.0, 500));
    sender.send(&vec![0; 100 * SAMPLES_PER_MS]);
    assert!(!hears(&sender.last(320), RATE, 440.0) && !silent_of(&sender.last(320), RATE, 440.0));
    sender.send(&vec![0; 240 * SAMPLES_PER_MS]);
    assert!(silent_of(&sender.last(320), RATE, 440.0));
}

#[test]
fn what_is_heard_in_words() {
    let mut sender = Sender::new();
    sender.send(&tone(611.0, -20.0, 400));
    let (hz, dbov) = dominant_tone(&sender.last(320), RATE).unwrap();
    assert!((hz - 611.0).abs() <= 1.0 && (dbov + 20.0).abs() < 0.2, "{hz} Hz at {dbov} dBov");
    sender.send(&mix(&tone(300.0, -20.0, 400), &tone(1200.0, -20.0, 400)));
    assert_eq!(describe(&sender.last(320), RATE), "sound at -17.0 dBov");
    sender.send(&vec![0; 400 * SAMPLES_PER_MS]);
    assert_eq!(describe(&sender.last(320), RATE), "silence");
}

#[test]
fn a_whole_stream_is_gapless() {
    let mut sender = Sender::new();
    sender.send(&tone(440.0, -20.0, 2000));
    let report = sender.heard.stream_report();
    assert!(report.is_gapless(), "{report:?}");
    assert_eq!((report.packets, report.markers, report.largest_gap_ms), (100, 0, 20.0));
    assert!(report.jitter_ms < 0.01);
}

/// G.722 counts its 16 kHz in timestamps of 8 kHz (RFC 3551 §4.5.2).
#[test]
fn a_stream_of_another_clock_lies_where_it_belongs() {
    let mut sender = Sender::new();
    sender.heard.tune(Format { rate: 16_000, clock_rate: 8000 });
    let mut audio = vec![0; 16_000];
    Tone::new(16_000, 6000.0, -20.0).fill(&mut audio);
    for (index, packet) in audio.chunks(320).enumerate() {
        if index == 40 {
            sender.lose();
        } else {
            sender.arrive(packet);
            sender.pass(160);
        }
    }
    let report = sender.heard.stream_report();
    assert_eq!((report.lost, report.timestamp_jumps, report.duration), (1, 0, 980 * MS));
    assert!(report.jitter_ms < 0.01);
    assert_eq!(sender.heard.rate(), 16_000);
    let samples = sender.last(300);
    assert_eq!(samples.len(), 4800);
    let is_hole = |packet: &[i16]| packet.iter().all(|sample| *sample == 0);
    let holes: Vec<usize> = (0..15).filter(|n| is_hole(&samples[n * 320..][..320])).collect();
    assert_eq!(holes, [5]);
    let level = tone_level_dbov(&sender.last(160), 16_000, 6000.0);
    assert!((level + 20.0).abs() < 0.2, "{level} dBov");
}

#[test]
fn a_lost_packet_is_seen_and_heard() {
    let mut sender = Sender::new();
    sender.send(&tone(440.0, -20.0, 200));
    sender.lose();
    sender.send(&tone(440.0, -20.0, 100));
    let report = sender.heard.stream_report();
    assert_eq!((report.lost, report.timestamp_jumps, report.largest_gap_ms), (1, 0, 40.0));
    let hole = &sender.last(120)[..160];
    assert!(hole.iter().all(|sample| *sample == 0));
}

#[test]
fn late_and_doubled_packets_are_told_apart() {
    let mut sender = Sender::new();
    sender.send(&tone(440.0, -20.0, 100));
    let late = sender.header;
    sender.lose();
    sender.send(&[7; 160]);
    sender.heard.arrived(&Arrived { at: sender.now, header: late, audio: Some(&[5; 160]) });
    sender.heard.arrived(&Arrived { at: sender.now, header: late, audio: Some(&[5; 160]) });
    let report = sender.heard.stream_report();
    assert_eq!((report.lost, report.reordered, report.duplicated), (0, 1, 1));
    assert_eq!(sender.last(40), [[5; 160], [7; 160]].concat());
}

#[test]
fn a_jump_of_time_or_another_ssrc_is_no_whole_stream() {
    let mut sender = Sender::new();
    sender.send(&[1; 320]);
    sender.header.timestamp = sender.header.timestamp.wrapping_add(160);
    sender.send(&[1; 320]);
    assert_eq!(sender.heard.stream_report().timestamp_jumps, 1);
    sender.pass(800);
    sender.header.marker = true;
    sender.header.sequence = sender.header.sequence.wrapping_sub(1);
    sender.send(&[1; 160]);
    assert_eq!(sender.heard.stream_report().timestamp_jumps, 1, "the marker tells of a silence");
    sender.header = Header { ssrc: 2, sequence: 99, timestamp: 5, marker: true };
    sender.arrive(&[1; 160]);
    let report = sender.heard.stream_report();
    assert_eq!((report.ssrc_changes, report.markers, report.lost), (1, 2, 0));
    sender.heard.restart_report();
    assert_eq!(sender.heard.stream_report(), StreamReport::default());
}

#[test]
fn a_stream_that_stops_is_silence_after_a_moment() {
    let mut sender = Sender::new();
    sender.send(&tone(440.0, -20.0, 500));
    sender.now += 90 * MS;
    assert!(hears(&sender.last(320), RATE, 440.0), "jitter is no silence");
    sender.now += 400 * MS;
    assert_eq!(describe(&sender.last(320), RATE), "silence");
}

#[test]
fn only_so_much_is_kept() {
    let mut sender = Sender::new();
    for _ in 0..7000 {
        sender.send(&[3; 160]);
    }
    let samples = sender.last(130_000);
    assert_eq!(samples.iter().filter(|sample| **sample == 3).count(), 120 * RATE as usize);
    assert_eq!(samples[0], 0);
}

#[test]
fn a_recording_is_what_was_heard() {
    let path = std::env::temp_dir().join(format!("confab-phone-heard-{}.wav", std::process::id()));
    let mut sender = Sender::new();
    sender.send(&[1; 1600]);
    sender.heard.record(&path).unwrap();
    sender.send(&[2; 1600]);
    sender.lose();
    sender.send(&[3; 1600]);
    sender.heard.stop_recording().unwrap();
    sender.send(&[4; 1600]);

    let samples: Vec<i16> = hound::WavReader::open(&path).unwrap().samples().map(Result::unwrap).collect();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(samples, [vec![2; 1600], vec![0; 160], vec![3; 1600]].concat());
}
