use std::io::Cursor;

use hound::{Sample, SampleFormat, WavSpec, WavWriter};
use ogg::writing::{PacketWriteEndInfo, PacketWriter};
use proptest::prelude::*;

use super::*;
use crate::{Codec, Encoder, Law, Opus};

fn wav<S: Sample + Copy>(bits_per_sample: u16, sample_format: SampleFormat, samples: &[S]) -> Vec<u8> {
    let spec = WavSpec { channels: 2, sample_rate: 16_000, bits_per_sample, sample_format };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    samples.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// A mono WAV file of one octet per sample.
fn companded(format: u16, data: &[u8], length: u32) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVE".to_vec();
    file.extend(b"LIST\x03\0\0\0odd\0");
    file.extend(b"fmt \x12\0\0\0");
    file.extend(format.to_le_bytes());
    file.extend([1, 0]);
    file.extend(8000_u32.to_le_bytes());
    file.extend(8000_u32.to_le_bytes());
    file.extend([1, 0, 8, 0, 0, 0]);
    file.extend(b"data");
    file.extend(length.to_le_bytes());
    file.extend(data);
    file
}

#[test]
fn every_width_gives_the_same_mono() {
    let expected = AudioFile { rate: 16_000, channels: 2, samples: vec![0x1800, -0x4000] };
    for bits in [8, 16, 24, 32] {
        let samples = [0x10, 0x20, -0x40, -0x40].map(|sample: i32| sample << (bits - 8));
        assert_eq!(read_audio(&wav(bits, SampleFormat::Int, &samples), 1).unwrap(), expected, "{bits} bit");
    }
    let file = read_audio(&wav(32, SampleFormat::Float, &[0.5_f32, 0.5, 7.0, 7.0]), 1).unwrap();
    assert_eq!(file.samples, [16_383, i16::MAX], "full scale is not exceeded");
}

#[test]
fn companded_samples_are_expanded() {
    let pcm: Vec<i16> = (-100..100).map(|n| n * 300).collect();
    for (format, law) in [(7, Law::Mu), (6, Law::A)] {
        let (mut octets, mut expanded) = (vec![0; pcm.len()], vec![0; pcm.len()]);
        law.encode(&pcm, &mut octets);
        law.decode(&octets, &mut expanded);
        let file = read_audio(&companded(format, &octets, octets.len() as u32), 1).unwrap();
        assert_eq!(file, AudioFile { rate: 8000, channels: 1, samples: expanded });
    }
}

#[test]
fn a_length_that_was_never_filled_in_is_up_to_the_end() {
    for length in [0x7fff_f000, u32::MAX] {
        assert_eq!(read_audio(&companded(7, &[0xff; 7], length), 1).unwrap().samples, [0; 7]);
    }
    let cut = read_audio(&companded(7, &[0xff; 7], 8), 1);
    assert_eq!(cut, Err(AudioFileError::Broken("it is cut short".into())));
}

#[test]
fn what_is_too_long_or_of_another_kind_is_an_error() {
    assert_eq!(read_audio(b"no RIFF here", 1), Err(AudioFileError::Unknown));
    assert_eq!(read_audio(b"RIFF1234AVI LIST", 1), Err(AudioFileError::Broken("no chunk fmt".into())));
    assert_eq!(read_audio(&companded(7, &[0; 8001], 8001), 1), Err(AudioFileError::TooLong(1)));
    let adpcm = AudioFileError::Unsupported { format: 2, bits: 8 };
    assert_eq!(read_audio(&companded(2, &[0; 9], 9), 1), Err(adpcm));
    assert!(read_audio(&ogg_opus(75, 0), 1).is_err(), "1.5 s");
}

/// So many packets of 20 ms with a tone of 400 Hz, as an encoder would write them.
fn ogg_opus(packets: u64, gain: i16) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = PacketWriter::new(&mut file);
    let mut head = b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0".to_vec();
    head.extend(gain.to_le_bytes());
    head.push(0);
    writer.write_packet(head, 1, PacketWriteEndInfo::EndPage, 0).unwrap();
    writer.write_packet(&b"OpusTags\0\0\0\0\0\0\0\0"[..], 1, PacketWriteEndInfo::EndPage, 0).unwrap();
    let mut encoder = Encoder::new(Codec::Opus(Opus::default()), 48_000).unwrap();
    for packet in 0..packets {
        let mut octets = [0; 1500];
        let sine =
            |n: u64| (f64::from((packet * 960 + n) as u32) * 400.0 / 48_000.0 * std::f64::consts::TAU).sin();
        let pcm: Vec<i16> = (0..960).map(|n| (8000.0 * sine(n)) as i16).collect();
        let length = encoder.encode(&pcm, &mut octets);
        let end = if packet + 1 == packets {
            PacketWriteEndInfo::EndStream
        } else {
            PacketWriteEndInfo::NormalPacket
        };
        // Half of the last packet is filling.
        let granules = (packet + 1) * 960 - u64::from(end == PacketWriteEndInfo::EndStream) * 480;
        writer.write_packet(octets[..length].to_vec(), 1, end, granules).unwrap();
    }
    drop(writer);
    file
}

fn peak(samples: &[i16]) -> i16 {
    samples.iter().map(|sample| sample.saturating_abs()).max().unwrap_or_default()
}

#[test]
fn ogg_opus_begins_and_ends_where_the_sound_does() {
    let file = read_audio(&ogg_opus(25, 0), 1).unwrap();
    assert_eq!((file.rate, file.channels), (48_000, 1));
    assert_eq!(file.samples.len(), 25 * 960 - 480 - 312);
    assert!((7000..9000).contains(&peak(&file.samples[4800..])), "{}", peak(&file.samples));
    let quiet = read_audio(&ogg_opus(25, -6 * 256), 1).unwrap();
    assert!((3500..4600).contains(&peak(&quiet.samples[4800..])), "{}", peak(&quiet.samples));
}

/// One FLAC frame of two constant channels (RFC 9639 §9), 16 samples at 8000 Hz, 16 bits.
fn flac() -> Vec<u8> {
    let mut file = b"fLaC\x80\0\0\x22".to_vec();
    file.extend([0, 16, 0, 16, 0, 0, 0, 0, 0, 0]);
    // 20 bits of rate, 3 of channels less one, 5 of bits less one, 36 of samples.
    let packed: u64 = 8000 << 44 | 1 << 41 | 15 << 36 | 16;
    file.extend(packed.to_be_bytes());
    file.extend([0; 16]);
    let mut frame = vec![0xff, 0xf8, 0x64, 0x18, 0x00, 0x0f];
    frame.push(crc(&frame, 0x07, 8) as u8);
    frame.extend([0x00, 0x10, 0x00, 0x00, 0x20, 0x00]);
    frame.extend(crc(&frame, 0x8005, 16).to_be_bytes());
    file.extend(frame);
    file
}

fn crc(octets: &[u8], polynomial: u16, bits: u32) -> u16 {
    let mut crc = 0_u32;
    for octet in octets {
        crc ^= u32::from(*octet) << (bits - 8);
        for _ in 0..8 {
            let over = crc >> (bits - 1) & 1;
            crc = ((crc << 1) ^ (over * u32::from(polynomial))) & ((1 << bits) - 1);
        }
    }
    crc as u16
}

#[test]
fn flac_is_read_and_its_channels_are_mixed() {
    let file = read_audio(&flac(), 1).unwrap();
    assert_eq!(file, AudioFile { rate: 8000, channels: 2, samples: vec![0x1800; 16] });
    assert_eq!(read_audio(&flac(), 0), Err(AudioFileError::TooLong(0)));
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(kind in 0..4_usize, at in any::<prop::sample::Index>(), octets in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut file = match kind {
            0 => wav(24, SampleFormat::Int, &[1, 2, 3, 4]),
            1 => companded(7, &[1; 20], 20),
            2 => ogg_opus(2, 0),
            _ => flac(),
        };
        let start = at.index(file.len());
        for (place, octet) in file[start..].iter_mut().zip(octets) {
            *place = octet;
        }
        _ = read_audio(&file, 1);
        _ = read_audio(&file[..start], 1);
    }
}
