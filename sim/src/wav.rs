//! Speech files in and out.

use std::path::Path;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

/// The samples of a WAV file of one channel and 16 bits, and its rate.
///
/// # Errors
/// The file cannot be read or has another form.
pub fn read(path: &Path) -> Result<(u32, Vec<i16>), hound::Error> {
    let mut reader = WavReader::open(path)?;
    let spec = reader.spec();
    if spec.channels != 1 || spec.bits_per_sample != 16 || spec.sample_format != SampleFormat::Int {
        return Err(hound::Error::Unsupported);
    }
    Ok((spec.sample_rate, reader.samples().collect::<Result<_, _>>()?))
}

/// Writes samples of `rate` as a WAV file.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, rate: u32, samples: &[i16]) -> Result<(), hound::Error> {
    let spec =
        WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut writer = WavWriter::create(path, spec)?;
    samples.iter().try_for_each(|&sample| writer.write_sample(sample))?;
    writer.finalize()
}
