//! Opus in Ogg (RFC 7845).

use std::io::{self, BufWriter, Write};

use confab_codec::{Codec, Encoder, Opus};
use ogg::writing::{PacketWriteEndInfo, PacketWriter};

use super::sink::Medium;

/// Granule positions count samples of 48 kHz at every rate (RFC 7845 §4).
const GRANULES_PER_SECOND: u64 = 48_000;

/// How much later a sound comes out of libopus' encoder and a decoder, samples of 48 kHz: 6.5 ms. It is left out by who
/// plays the file (RFC 7845 §4.2).
const PRE_SKIP: u16 = 312;

const PACKET_MS: u8 = 20;

/// A page lasts 400 ms: what is not on a page is lost if the machine stops.
const PACKETS_PER_PAGE: u64 = 20;

/// There is one stream in the file.
const SERIAL: u32 = 1;

/// More than any packet of ours takes, octets.
const LONGEST_PACKET: usize = 1500;

/// As libopus likes it; nothing of it is lost, so nothing need be sent twice.
const SETTINGS: Opus =
    Opus { bitrate: 0, complexity: 5, fec: false, expected_loss: 0, dtx: false, packet_ms: PACKET_MS };

pub(super) struct OpusFile {
    writer: PacketWriter<'static, BufWriter<Box<dyn Medium>>>,
    encoder: Encoder,
    rate: u32,
    /// Samples of a packet that is not complete yet.
    begun: Vec<i16>,
    /// The last packet: whether it ends the stream is known later.
    held: Option<Vec<u8>>,
    /// Packets before that.
    packets: u64,
    /// Samples so far.
    samples: u64,
}

impl OpusFile {
    pub(super) fn new(medium: Box<dyn Medium>, rate: u32) -> io::Result<Self> {
        let encoder = Encoder::new(Codec::Opus(SETTINGS), rate).map_err(io::Error::other)?;
        let mut writer = PacketWriter::new(BufWriter::new(medium));
        writer.write_packet(head(rate), SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        writer.write_packet(tags(), SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        Ok(Self { writer, encoder, rate, begun: Vec::new(), held: None, packets: 0, samples: 0 })
    }

    pub(super) fn write(&mut self, samples: &[i16]) -> io::Result<()> {
        self.samples += samples.len() as u64;
        self.feed(samples)
    }

    /// Whole pages come to the file; what is behind them waits for its page.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.writer.inner_mut().flush()
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        let end = u64::from(PRE_SKIP) + self.samples * GRANULES_PER_SECOND / u64::from(self.rate);
        while self.held.is_none() || self.granules() < end {
            let missing = self.packet() - self.begun.len();
            self.feed(&vec![0; missing])?;
        }
        let packet = self.held.take().unwrap_or_default();
        self.writer.write_packet(packet, SERIAL, PacketWriteEndInfo::EndStream, end)?;
        self.writer.inner_mut().flush()
    }

    fn feed(&mut self, mut samples: &[i16]) -> io::Result<()> {
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(self.packet() - self.begun.len()));
            self.begun.extend_from_slice(now);
            samples = later;
            if self.begun.len() == self.packet() {
                self.encode()?;
            }
        }
        Ok(())
    }

    fn encode(&mut self) -> io::Result<()> {
        let mut packet = vec![0; LONGEST_PACKET];
        let octets = self.encoder.encode(&self.begun, &mut packet);
        packet.truncate(octets);
        self.begun.clear();
        let Some(before) = self.held.replace(packet) else { return Ok(()) };
        self.packets += 1;
        let ends_page = self.packets.is_multiple_of(PACKETS_PER_PAGE);
        let end = if ends_page { PacketWriteEndInfo::EndPage } else { PacketWriteEndInfo::NormalPacket };
        self.writer.write_packet(before, SERIAL, end, self.packets * granules_per_packet())
    }

    /// Samples of a packet.
    fn packet(&self) -> usize {
        self.rate as usize * usize::from(PACKET_MS) / 1000
    }

    /// What was encoded.
    fn granules(&self) -> u64 {
        (self.packets + u64::from(self.held.is_some())) * granules_per_packet()
    }
}

fn granules_per_packet() -> u64 {
    GRANULES_PER_SECOND * u64::from(PACKET_MS) / 1000
}

/// RFC 7845 §5.1: one channel, no gain.
fn head(rate: u32) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec();
    head.extend(PRE_SKIP.to_le_bytes());
    head.extend(rate.to_le_bytes());
    head.extend([0, 0, 0]);
    head
}

/// RFC 7845 §5.2: who wrote it, and no comments.
fn tags() -> Vec<u8> {
    const VENDOR: &[u8] = b"confab";
    let mut tags = b"OpusTags".to_vec();
    tags.extend((VENDOR.len() as u32).to_le_bytes());
    tags.extend(VENDOR);
    tags.extend([0; 4]);
    tags
}
