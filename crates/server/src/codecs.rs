//! From what a session description agreed on to the codec that the audio engine runs.

use confab_codec::{Codec, Opus};
use confab_conference::Line;
use confab_sdp::{Encoding, OpusParameters, Stream};

/// The codec of a stream, for Opus as the peer wants it coded within what the profile allows.
pub(crate) fn codec(stream: &Stream, line: &Line) -> Codec {
    match stream.encoding {
        Encoding::Pcmu => Codec::Pcmu,
        Encoding::Pcma => Codec::Pcma,
        Encoding::G722 => Codec::G722,
        Encoding::L16 { rate } => Codec::L16 { rate },
        Encoding::Opus => Codec::Opus(Opus {
            bitrate: bitrate(&stream.opus, line.opus.bitrate),
            complexity: line.opus.complexity,
            fec: line.opus.fec && stream.opus.in_band_fec,
            // What is lost follows from the peer's reports.
            expected_loss: 0,
            dtx: line.opus.dtx && stream.opus.dtx,
            packet_ms: stream.ptime_ms,
        }),
    }
}

/// The least of what we want, what the peer allows, and what is of use to it; 0: whatever libopus likes.
fn bitrate(peer: &OpusParameters, ours: u32) -> u32 {
    let allowed = peer.max_average_bitrate;
    let useful = peer.max_playback_rate.and_then(enough_for);
    [Some(ours).filter(|ours| *ours > 0), allowed, useful].into_iter().flatten().min().unwrap_or(0)
}

/// More bit/s are not heard at this sampling rate (the upper ends of RFC 7587 §3.1.1).
fn enough_for(rate: u32) -> Option<u32> {
    match rate {
        ..=8000 => Some(12_000),
        8001..=16_000 => Some(20_000),
        16_001..=24_000 => Some(40_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(max_average_bitrate: Option<u32>, max_playback_rate: Option<u32>) -> OpusParameters {
        OpusParameters { max_average_bitrate, max_playback_rate, ..OpusParameters::default() }
    }

    #[test]
    fn the_least_bitrate_counts() {
        assert_eq!(bitrate(&peer(None, None), 0), 0);
        assert_eq!(bitrate(&peer(None, None), 32_000), 32_000);
        assert_eq!(bitrate(&peer(Some(20_000), None), 32_000), 20_000);
        assert_eq!(bitrate(&peer(Some(64_000), Some(8000)), 0), 12_000);
        assert_eq!(bitrate(&peer(None, Some(48_000)), 0), 0);
    }
}
