//! What the decoding of callers' packets costs by itself.

use std::hint::black_box;
use std::io;
use std::time::{Duration, Instant};

use confab_codec::{CodecError, Decoder};

use crate::machine;
use crate::plan::Plan;
use crate::voice::{Voice, Voices};

/// Packets of each decoder before and while it is timed.
const SETTLE: usize = 5;
const TIMED: usize = 20;

/// Processor time for one packet of this voice, on the server's core, by as many decoders in turn as there are callers:
/// a server finds their states no warmer.
///
/// # Errors
/// When there is no such decoder.
pub(crate) fn cost(plan: &Plan, voice: Voice) -> io::Result<Duration> {
    plan.cores.server().map(machine::pin_here);
    timed(plan, voice).map_err(io::Error::other)
}

fn timed(plan: &Plan, voice: Voice) -> Result<Duration, CodecError> {
    let codec = plan.codec.codec(plan.ptime);
    let voices = Voices::new(plan.codec, plan.ptime)?;
    let decoder = |_| Decoder::new(codec, codec.sample_rate());
    let mut decoders = (0..plan.callers).map(decoder).collect::<Result<Vec<_>, _>>()?;
    let mut pcm = vec![0; (codec.sample_rate() / 1000 * plan.ptime) as usize];
    let mut start = Instant::now();
    for number in 0..SETTLE + TIMED {
        if number == SETTLE {
            start = Instant::now();
        }
        for (index, decoder) in decoders.iter_mut().enumerate() {
            let _ = black_box(decoder.decode(voices.packets(voice).packet(index + number), &mut pcm));
        }
    }
    Ok(start.elapsed() / (TIMED * plan.callers.max(1)) as u32)
}
