//! WAV files.

use std::io::Read;

use hound::{Error, SampleFormat, WavReader};

/// A sound as a WAV file has it, but for its channels, which are mixed into one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wav {
    /// Samples per second.
    pub rate: u32,
    /// Channels of the file.
    pub channels: u16,
    /// The mean of all channels.
    pub samples: Vec<i16>,
}

/// Reads a WAV file of PCM samples, integers of any width or floats.
///
/// # Errors
/// What [`hound`] finds wrong with it.
pub fn read_wav(file: impl Read) -> Result<Wav, Error> {
    let mut reader = WavReader::new(file)?;
    let spec = reader.spec();
    let samples = match spec.sample_format {
        SampleFormat::Int => integers(&mut reader, spec.bits_per_sample)?,
        SampleFormat::Float => floats(&mut reader)?,
    };
    Ok(Wav { rate: spec.sample_rate, channels: spec.channels, samples: mono(&samples, spec.channels) })
}

fn integers(reader: &mut WavReader<impl Read>, bits: u16) -> Result<Vec<i16>, Error> {
    let to_16_bit = |sample: i32| match bits {
        0..=16 => (sample << (16 - bits)) as i16,
        _ => (sample >> (bits - 16)) as i16,
    };
    reader.samples::<i32>().map(|sample| sample.map(to_16_bit)).collect()
}

fn floats(reader: &mut WavReader<impl Read>) -> Result<Vec<i16>, Error> {
    // A cast of a float saturates, so a sample above full scale does not wrap.
    reader.samples::<f32>().map(|sample| sample.map(|value| (value * 32_767.0) as i16)).collect()
}

fn mono(samples: &[i16], channels: u16) -> Vec<i16> {
    let mean = |frame: &[i16]| (frame.iter().map(|s| i32::from(*s)).sum::<i32>() / frame.len() as i32) as i16;
    samples.chunks_exact(usize::from(channels.max(1))).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hound::{Sample, WavSpec, WavWriter};
    use std::io::Cursor;

    fn file<S: Sample>(bits_per_sample: u16, sample_format: SampleFormat, samples: [S; 4]) -> Vec<u8> {
        let spec = WavSpec { channels: 2, sample_rate: 16_000, bits_per_sample, sample_format };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
        samples.into_iter().for_each(|sample| writer.write_sample(sample).unwrap());
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn every_width_gives_the_same_mono() {
        let expected = Wav { rate: 16_000, channels: 2, samples: vec![0x1800, -0x4000] };
        for bits in [8, 16, 24, 32] {
            let samples = [0x10, 0x20, -0x40, -0x40].map(|sample: i32| sample << (bits - 8));
            assert_eq!(
                read_wav(&file(bits, SampleFormat::Int, samples)[..]).unwrap(),
                expected,
                "{bits} bit"
            );
        }
        let wav = read_wav(&file(32, SampleFormat::Float, [0.5_f32, 0.5, 7.0, 7.0])[..]).unwrap();
        assert_eq!(wav.samples, [16_383, i16::MAX], "full scale is not exceeded");
    }

    #[test]
    fn what_is_no_wav_is_an_error() {
        assert!(read_wav(&b"no RIFF here"[..]).is_err());
        assert!(read_wav(&file(16, SampleFormat::Int, [1, 2, 3, 4])[..47]).is_err(), "cut short");
    }
}
