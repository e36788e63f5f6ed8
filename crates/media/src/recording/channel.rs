//! One track on its way into its file.

use std::io;

use super::convert::Converter;
use super::sink::Sink;

/// A file of sound that is written tick by tick; ticks that are left out are silent.
pub(super) struct Channel {
    sink: Sink,
    converter: Converter,
    /// Samples of a tick in the file.
    frame: usize,
    /// Its next tick.
    next: u64,
}

/// Silence is written in parts of so many samples.
const SILENCE: [i16; 4800] = [0; 4800];

impl Channel {
    /// `rate` is that of the file; it begins with the tick `begin`.
    pub(super) fn new(sink: Sink, rate: u32, frame: usize, begin: u64) -> Self {
        Self { sink, converter: Converter::new(rate), frame, next: begin }
    }

    /// Goes on with another file.
    pub(super) fn follow(&mut self, sink: Sink) -> io::Result<()> {
        std::mem::replace(&mut self.sink, sink).finish()
    }

    pub(super) fn is_full(&self) -> bool {
        self.sink.is_full()
    }

    /// The sound of one tick, at the room's rate.
    pub(super) fn write(&mut self, tick: u64, samples: &[i16], rate: u32) -> io::Result<()> {
        self.silence(tick)?;
        self.next = tick + 1;
        self.sink.write(self.converter.convert(samples, rate))
    }

    /// Is silent up to a tick.
    pub(super) fn silence(&mut self, until: u64) -> io::Result<()> {
        if until <= self.next {
            return Ok(());
        }
        let mut samples = (until - self.next) * self.frame as u64;
        self.next = until;
        let tail = self.converter.finish();
        // A resampler's delay is held back, and comes now: in front of the silence, which it is no part of.
        self.sink.write(tail)?;
        while samples > 0 {
            let now = samples.min(SILENCE.len() as u64);
            self.sink.write(&SILENCE[..now as usize])?;
            samples -= now;
        }
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.sink.write(self.converter.finish())?;
        self.sink.finish()
    }
}
