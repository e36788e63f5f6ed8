use crate::{Codec, Decoder, Encoder, Opus};
use proptest::prelude::*;
use std::f64::consts::TAU;

const RATE: u32 = 48_000;
const FRAME: usize = 960;

fn codec(change: impl FnOnce(&mut Opus)) -> Codec {
    let mut opus = Opus { bitrate: 24_000, ..Opus::default() };
    change(&mut opus);
    Codec::Opus(opus)
}

/// A tone of −20 dBov as a phone might sing it: with two harmonics.
fn voice(frames: usize) -> Vec<i16> {
    let wave = |n: usize, frequency: f64| (TAU * frequency * n as f64 / f64::from(RATE)).sin();
    let sample = |n| 3000.0 * wave(n, 220.0) + 2000.0 * wave(n, 440.0) + 1000.0 * wave(n, 1100.0);
    (0..frames * FRAME).map(|n| sample(n) as i16).collect()
}

fn packets(codec: Codec, samples: &[i16]) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(codec, RATE).unwrap();
    let encode = |pcm| {
        let mut out = [0; 1500];
        let octets = encoder.encode(pcm, &mut out);
        out[..octets].to_vec()
    };
    samples.chunks_exact(FRAME).map(encode).collect()
}

fn decode(decoder: &mut Decoder, payload: &[u8]) -> Vec<i16> {
    let mut out = vec![0; FRAME];
    assert_eq!(decoder.decode(payload, &mut out), Ok(FRAME));
    out
}

fn rms(samples: &[i16]) -> f64 {
    (samples.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
}

fn difference(a: &[i16], b: &[i16]) -> f64 {
    rms(&a.iter().zip(b).map(|(a, b)| a.saturating_sub(*b)).collect::<Vec<_>>())
}

fn largest_jump(samples: &[i16]) -> i32 {
    samples.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap_or(0)
}

#[test]
fn a_lost_packet_comes_back_from_the_copy_in_the_next_one() {
    let sound = voice(12);
    let packets = packets(codec(|opus| opus.expected_loss = 20), &sound);
    let (mut whole, mut hurt) = [(); 2].map(|()| Decoder::new(codec(|_| {}), RATE).unwrap()).into();
    for packet in &packets[..10] {
        decode(&mut whole, packet);
        decode(&mut hurt, packet);
    }
    let expected = decode(&mut whole, &packets[10]);
    let mut recovered = vec![0; FRAME];
    assert!(hurt.recover(&packets[11], &mut recovered));
    assert!(
        difference(&recovered, &expected) < 0.3 * rms(&expected),
        "{}",
        difference(&recovered, &expected)
    );
    let (next, hurt) = (decode(&mut whole, &packets[11]), decode(&mut hurt, &packets[11]));
    assert!(difference(&hurt, &next) < 0.3 * rms(&next));
}

#[test]
fn without_a_copy_nothing_is_recovered() {
    let mut decoder = Decoder::new(codec(|_| {}), RATE).unwrap();
    let mut out = [7; FRAME];
    let plain = packets(codec(|opus| opus.fec = false), &voice(4));
    for payload in [&plain[3][..], &[], &[0xff], &[0x7b, 0]] {
        assert!(!decoder.recover(payload, &mut out));
        assert_eq!(out, [7; FRAME]);
    }
    let fec = packets(codec(|opus| opus.expected_loss = 20), &voice(4));
    assert!(!decoder.recover(&fec[3], &mut out[..100]), "no room for what the copy covers");
}

#[test]
fn both_channels_are_heard() {
    use audiopus::{Application, Channels, SampleRate};
    let encoder =
        audiopus::coder::Encoder::new(SampleRate::Hz48000, Channels::Stereo, Application::Audio).unwrap();
    for channel in [0, 1] {
        let mut decoder = Decoder::new(codec(|_| {}), RATE).unwrap();
        let mut heard = Vec::new();
        for frame in voice(10).chunks(FRAME) {
            let stereo: Vec<i16> =
                frame.iter().flat_map(|&s| if channel == 0 { [s, 0] } else { [0, s] }).collect();
            let mut out = [0; 1500];
            let octets = encoder.encode(&stereo, &mut out).unwrap();
            heard = decode(&mut decoder, &out[..octets]);
        }
        let level = 20.0 * (rms(&heard) / rms(&voice(10))).log10();
        assert!((-7.0..-5.0).contains(&level), "half of channel {channel}: {level} dB");
    }
}

#[test]
fn silence_is_not_sent_but_heard() {
    let codec = codec(|opus| opus.dtx = true);
    let sound = [voice(10), vec![0; 50 * FRAME], voice(10)].concat();
    let packets = packets(codec, &sound);
    let sent =
        |range: std::ops::Range<usize>| packets[range].iter().filter(|packet| !packet.is_empty()).count();
    assert_eq!((sent(0..10), sent(62..70)), (10, 8));
    assert!(sent(30..60) < 6, "{} of 30", sent(30..60));
    let mut decoder = Decoder::new(codec, RATE).unwrap();
    let mut out = vec![0; FRAME];
    for packet in &packets[..60] {
        match packet.is_empty() {
            true => decoder.conceal(&mut out),
            false => out = decode(&mut decoder, packet),
        }
    }
    assert!(rms(&out) < 50.0, "{}", rms(&out));
}

#[test]
fn the_running_encoder_is_set_anew() {
    let mut encoder = Encoder::new(codec(|_| {}), RATE).unwrap();
    let mut octets = |change: fn(&mut Opus)| {
        encoder.adjust(codec(change));
        let mut out = [0; 1500];
        voice(10).chunks(FRAME).map(|pcm| encoder.encode(pcm, &mut out)).sum::<usize>()
    };
    let (little, much) = (octets(|opus| opus.bitrate = 12_000), octets(|opus| opus.bitrate = 64_000));
    assert!(2 * much > 3 * little, "{little} {much}");
    assert!(octets(|opus| (opus.bitrate, opus.complexity, opus.expected_loss) = (u32::MAX, 99, 200)) > 0);
}

#[test]
fn any_length_of_loss_is_concealed_and_what_comes_next_makes_no_click() {
    let packets = packets(codec(|opus| opus.bitrate = 64_000), &voice(30));
    let natural = largest_jump(&voice(2));
    for length in [1, 100, 120, 480, 960, 1000, 2880, 5000] {
        let mut decoder = Decoder::new(codec(|_| {}), RATE).unwrap();
        let mut heard = Vec::new();
        packets[..10].iter().for_each(|packet| heard.extend(decode(&mut decoder, packet)));
        let mut lost = vec![0; length];
        decoder.conceal(&mut lost);
        heard.extend(lost);
        decoder.splice();
        packets[20..25].iter().for_each(|packet| heard.extend(decode(&mut decoder, packet)));
        let jump = largest_jump(&heard[2 * FRAME..]);
        assert!(jump < 3 * natural, "{length}: {jump} > {natural}");
    }
}

#[test]
fn packets_of_all_lengths_are_made_and_measured() {
    for packet_ms in [10, 20, 40, 60] {
        for rate in [8000, 16_000, 24_000, 48_000] {
            let codec = codec(|opus| opus.packet_ms = packet_ms);
            let samples = rate as usize * usize::from(packet_ms) / 1000;
            let mut out = [0; 1500];
            let octets = Encoder::new(codec, rate).unwrap().encode(&vec![1000; samples], &mut out);
            let decoder = Decoder::new(codec, rate).unwrap();
            assert_eq!(decoder.samples_in(&out[..octets]), Ok(samples));
        }
    }
    let mut encoder = Encoder::new(codec(|_| {}), RATE).unwrap();
    assert_eq!(encoder.encode(&[0; 959], &mut [0; 1500]), 0, "no packet has so many samples");
    assert_eq!(encoder.encode(&[0; FRAME], &mut []), 0, "no room");
}

proptest! {
    /// Whatever arrives is an error or sound, and the decoder goes on.
    #[test]
    fn malformed_packets_are_survived(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..8)) {
        let mut decoder = Decoder::new(codec(|_| {}), RATE).unwrap();
        let mut out = vec![0; 6 * FRAME];
        for payload in &payloads {
            let decoded = decoder.decode(payload, &mut out);
            prop_assert!(decoded.is_err() || decoded == decoder.samples_in(payload));
            decoder.recover(payload, &mut out[..FRAME]);
        }
        for packet in packets(codec(|_| {}), &voice(6)) {
            decode(&mut decoder, &packet);
        }
    }
}

/// What of a sound, a silence and a sound says that there is no voice in it.
fn voiceless(codec: Codec) -> Vec<bool> {
    let decoder = Decoder::new(codec, RATE).unwrap();
    let sound = [voice(10), vec![0; 60 * FRAME], voice(5)].concat();
    let sent = packets(codec, &sound).into_iter().filter(|packet| !packet.is_empty());
    sent.map(|packet| decoder.is_voiceless(&packet)).collect()
}

#[test]
fn a_packet_tells_whether_there_is_a_voice_in_it() {
    // The highest is coded by CELT alone, which knows of digital silence only.
    for bitrate in [12_000, 24_000, 40_000, 128_000] {
        let told = voiceless(codec(|opus| (opus.dtx, opus.bitrate) = (true, bitrate)));
        let (speech, pause) =
            (told.iter().filter(|&&told| !told).count(), told.iter().filter(|&&told| told).count());
        assert!(
            !told[..10].contains(&true) && !told[told.len() - 5..].contains(&true),
            "{bitrate}: {told:?}"
        );
        assert!((15..=17).contains(&speech) && (8..15).contains(&pause), "{bitrate}: {speech}, {pause}");
    }
    assert!(
        !Decoder::new(Codec::Pcmu, 8000).unwrap().is_voiceless(&[0xff; 160]),
        "G.711 says nothing of that"
    );
}

#[test]
fn the_frames_of_a_packet_are_decoded_one_by_one_as_they_are_at_once() {
    for bitrate in [16_000, 40_000, 128_000] {
        let frames = packets(codec(|opus| opus.bitrate = bitrate), &voice(6));
        let mut packet = vec![frames[0][0] | 3, 0x80 | 6];
        for frame in &frames[..5] {
            let length = frame.len() - 1;
            let low = if length < 252 { length } else { 252 + length % 4 };
            packet.push(low as u8);
            packet.extend((length >= 252).then_some(((length - low) / 4) as u8));
        }
        frames.iter().for_each(|frame| packet.extend(&frame[1..]));

        let [mut whole, mut parts] = [(); 2].map(|()| Decoder::new(codec(|_| {}), RATE).unwrap());
        let mut expected = vec![0; 6 * FRAME];
        assert_eq!(whole.decode(&packet, &mut expected), Ok(6 * FRAME));
        for (number, expected) in (0..).zip(expected.chunks(FRAME)) {
            let mut out = [0; FRAME];
            assert_eq!(parts.decode_frame(&packet, number, &mut out), Ok(FRAME));
            assert_eq!(out, expected, "{bitrate}, frame {number}");
        }
        assert!(parts.decode_frame(&packet, 6, &mut [0; FRAME]).is_err(), "there is no such frame");
        assert!(parts.decode_frame(&packet, 0, &mut [0; FRAME - 1]).is_err(), "no room");
        assert!(parts.decode_frame(&[], 0, &mut [0; FRAME]).is_err());
    }
}
