//! FLAC (RFC 9639).

use claxon::FlacReader;

use super::{AudioFile, AudioFileError, mean, most};

pub(super) fn read(file: &[u8], longest: u32) -> Result<AudioFile, AudioFileError> {
    let mut reader = FlacReader::new(file).map_err(AudioFileError::broken)?;
    let info = reader.streaminfo();
    let (rate, channels, bits) = (info.sample_rate, info.channels as u16, info.bits_per_sample);
    let mut samples = Vec::new();
    let mut blocks = reader.blocks();
    let mut buffer = Vec::new();
    while let Some(block) = blocks.read_next_or_eof(buffer).map_err(AudioFileError::broken)? {
        let frames = (0..block.duration())
            .map(|at| mean((0..block.channels()).map(|channel| to_16_bits(block.sample(channel, at), bits))));
        samples.extend(frames);
        if samples.len() > most(longest, rate) {
            return Err(AudioFileError::TooLong(longest));
        }
        buffer = block.into_buffer();
    }
    Ok(AudioFile { rate, channels, samples })
}

fn to_16_bits(sample: i32, bits: u32) -> i16 {
    match bits {
        0..=16 => (sample << (16 - bits)) as i16,
        _ => (sample >> (bits - 16)) as i16,
    }
}
