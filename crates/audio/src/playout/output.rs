//! From the decoder's rate to the room's, and from one decoder to the next without a click.

use confab_codec::{CodecError, Resampler};

use crate::format::Format;

/// What the last decoder would have gone on with is faded out for so long, ms.
const FADE_MS: usize = 10;

/// The last step before the mixer.
#[derive(Debug)]
pub(super) struct Output {
    resampling: Option<Resampling>,
    /// At the room's rate: what is faded out. Empty where nothing came before.
    tail: Box<[i16]>,
    has_tail: bool,
    /// Of the room, Hz.
    rate: u32,
}

#[derive(Debug)]
struct Resampling {
    resampler: Resampler,
    /// Sound of the last frame is still in it.
    is_sounding: bool,
}

impl Output {
    /// From a decoder at `rate` to a room that mixes in `format`.
    pub(super) fn new(rate: u32, format: Format) -> Result<Self, CodecError> {
        let resampling = match rate == format.rate {
            true => None,
            false => Some(Resampling {
                resampler: Resampler::new(rate, format.rate)
                    .map_err(|_| CodecError::UnsupportedRate(rate))?,
                is_sounding: false,
            }),
        };
        Ok(Self { resampling, tail: Box::default(), has_tail: false, rate: format.rate })
    }

    /// With place for what another one would have gone on with.
    pub(super) fn with_tail(self) -> Self {
        Self { tail: vec![0; self.rate as usize / 1000 * FADE_MS].into(), ..self }
    }

    /// Of the room, Hz.
    pub(super) fn rate(&self) -> usize {
        self.rate as usize
    }

    /// Whether a frame of the decoder is one of the room as it is.
    pub(super) fn passes(&self) -> bool {
        self.resampling.is_none() && !self.has_tail
    }

    pub(super) fn resamples(&self) -> bool {
        self.resampling.is_some()
    }

    pub(super) fn delay_us(&self) -> u32 {
        self.resampling.as_ref().map_or(0, |resampling| resampling.resampler.delay_us())
    }

    /// Whether something is to come without further input.
    pub(super) fn is_sounding(&self) -> bool {
        self.has_tail || self.resampling.as_ref().is_some_and(|resampling| resampling.is_sounding)
    }

    /// A frame at the room's rate, into `out`. Nothing follows the input if it `is_over`.
    pub(super) fn give(&mut self, input: &[i16], is_over: bool, out: &mut [i16]) {
        match &mut self.resampling {
            None => out.copy_from_slice(input),
            Some(Resampling { resampler, is_sounding }) => {
                resampler.process(input, out);
                *is_sounding = !is_over;
            }
        }
        if std::mem::take(&mut self.has_tail) {
            fade_in(&self.tail, out);
        }
    }

    /// What is written there is faded out, into the next frame.
    pub(super) fn begin_tail(&mut self) -> &mut [i16] {
        self.has_tail = true;
        &mut self.tail
    }

    /// As if `history` had passed.
    pub(super) fn prime(&mut self, history: &[i16]) {
        if let Some(Resampling { resampler, is_sounding, .. }) = &mut self.resampling {
            resampler.prime(history);
            *is_sounding = !history.is_empty();
        }
    }
}

/// Fades from `tail` into `frame`.
fn fade_in(tail: &[i16], frame: &mut [i16]) {
    let parts = tail.len() as i32 + 1;
    for (part, (sample, &old)) in (1..).zip(frame.iter_mut().zip(tail)) {
        *sample = ((i32::from(old) * (parts - part) + i32::from(*sample) * part) / parts) as i16;
    }
}
