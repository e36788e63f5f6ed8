//! Ogg Opus (RFC 7845): the first logical stream of a file.

use std::io::Cursor;

use ogg::{Packet, PacketReader};

use super::{AudioFile, AudioFileError, most};
use crate::opus::OpusDecoder;

/// Granule positions count samples of this rate, whatever was encoded (§4).
const RATE: u32 = 48_000;

/// The identification header (§5.1).
struct Head {
    channels: u8,
    /// Samples before the sound begins.
    pre_skip: usize,
    /// dB, in steps of 1/256.
    gain: i16,
}

pub(super) fn read(file: &[u8], longest: u32) -> Result<AudioFile, AudioFileError> {
    let mut packets = PacketReader::new(Cursor::new(file));
    let mut next = || packets.read_packet().map_err(AudioFileError::broken);
    let first = next()?.ok_or(AudioFileError::Unknown)?;
    let head = Head::read(&first.data)?;
    let stream = first.stream_serial();
    let mut sound = Sound { decoder: decoder()?, samples: Vec::new(), end: None };
    // The second packet holds comments.
    let mut comments = true;
    while let Some(packet) = next()?.filter(|packet| packet.stream_serial() == stream) {
        if !std::mem::take(&mut comments) {
            sound.add(&packet)?;
        }
        if sound.samples.len() > most(longest, RATE) + head.pre_skip {
            return Err(AudioFileError::TooLong(longest));
        }
    }
    Ok(AudioFile { rate: RATE, channels: head.channels.into(), samples: sound.finish(&head) })
}

fn decoder() -> Result<OpusDecoder, AudioFileError> {
    OpusDecoder::new(RATE).map_err(AudioFileError::broken)
}

/// What was decoded so far.
struct Sound {
    decoder: OpusDecoder,
    samples: Vec<i16>,
    /// How many samples count, as the last packet says.
    end: Option<usize>,
}

impl Sound {
    /// A packet that cannot be decoded is heard as silence, as it would be in a call.
    fn add(&mut self, packet: &Packet) -> Result<(), AudioFileError> {
        let length = self.decoder.samples_in(&packet.data).map_err(AudioFileError::broken)?;
        let start = self.samples.len();
        self.samples.resize(start + length, 0);
        _ = self.decoder.decode(&packet.data, &mut self.samples[start..]);
        if packet.last_in_stream() {
            self.end = usize::try_from(packet.absgp_page()).ok();
        }
        Ok(())
    }

    /// Without the silence that the encoder added at either end (§4.2, §4.4), and as loud as it should be.
    fn finish(mut self, head: &Head) -> Vec<i16> {
        self.samples.truncate(self.end.unwrap_or(usize::MAX));
        self.samples.drain(..head.pre_skip.min(self.samples.len()));
        if head.gain != 0 {
            let factor = 10_f32.powf(f32::from(head.gain) / (20.0 * 256.0));
            self.samples.iter_mut().for_each(|sample| *sample = (f32::from(*sample) * factor).round() as i16);
        }
        self.samples
    }
}

impl Head {
    fn read(packet: &[u8]) -> Result<Self, AudioFileError> {
        // Magic, version, channels, pre-skip, rate of what was encoded, gain, mapping family.
        let Some(b"OpusHead") = packet.first_chunk::<8>() else { return Err(AudioFileError::Unknown) };
        let [_, channels, low, high, _, _, _, _, gain @ .., family] = *packet
            .get(8..19)
            .and_then(<[u8]>::first_chunk::<11>)
            .ok_or_else(|| AudioFileError::broken("OpusHead"))?;
        if family != 0 || !(1..=2).contains(&channels) {
            return Err(AudioFileError::broken(format!("{channels} channels, mapping family {family}")));
        }
        let pre_skip = usize::from(u16::from_le_bytes([low, high]));
        Ok(Self { channels, pre_skip, gain: i16::from_le_bytes(gain) })
    }
}
