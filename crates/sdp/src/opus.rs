//! The media type parameters of Opus (RFC 7587 §6.1).

use std::fmt;

/// Bit rates that mean something to Opus, bit/s.
const BITRATES: std::ops::RangeInclusive<u32> = 6000..=510_000;
/// Sampling rates that there may be a limit at, Hz.
const RATES: std::ops::RangeInclusive<u32> = 8000..=48_000;

/// How one side wants the Opus coded that is sent to it. The default is that of a description that says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpusParameters {
    /// `maxplaybackrate`: the highest sampling rate that is played, Hz.
    pub max_playback_rate: Option<u32>,
    /// `maxaveragebitrate`, bit/s.
    pub max_average_bitrate: Option<u32>,
    /// `stereo`: two channels are preferred.
    pub stereo: bool,
    /// `useinbandfec`: forward error correction is of use.
    pub in_band_fec: bool,
    /// `usedtx`: silence need not be sent.
    pub dtx: bool,
    /// `cbr`: constant bit rate.
    pub cbr: bool,
    /// `minptime`: the shortest packet that is taken, ms.
    pub min_ptime_ms: Option<u8>,
}

impl OpusParameters {
    /// Reads the part of `a=fmtp` behind the payload type. What makes no sense is ignored.
    pub(crate) fn parse(text: &str) -> Self {
        let mut parameters = Self::default();
        for (name, value) in text.split(';').filter_map(|pair| pair.split_once('=')) {
            parameters.set(name.trim(), value.trim());
        }
        parameters
    }

    fn set(&mut self, name: &str, value: &str) {
        let number = value.parse::<u32>().ok();
        let on = number == Some(1);
        match name.to_ascii_lowercase().as_str() {
            "maxplaybackrate" => self.max_playback_rate = number.filter(|rate| RATES.contains(rate)),
            "maxaveragebitrate" => {
                self.max_average_bitrate = number.filter(|bitrate| BITRATES.contains(bitrate));
            }
            "stereo" => self.stereo = on,
            "useinbandfec" => self.in_band_fec = on,
            "usedtx" => self.dtx = on,
            "cbr" => self.cbr = on,
            "minptime" => {
                self.min_ptime_ms = number.and_then(|ms| u8::try_from(ms).ok()).filter(|ms| *ms <= 120);
            }
            _ => {}
        }
    }
}

/// As in `a=fmtp`: only what is not the default, so nothing for the default.
impl fmt::Display for OpusParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = [
            ("minptime", self.min_ptime_ms.map(u32::from)),
            ("maxplaybackrate", self.max_playback_rate),
            ("maxaveragebitrate", self.max_average_bitrate),
            ("stereo", self.stereo.then_some(1)),
            ("useinbandfec", self.in_band_fec.then_some(1)),
            ("usedtx", self.dtx.then_some(1)),
            ("cbr", self.cbr.then_some(1)),
        ];
        let mut between = "";
        for (name, value) in numbers.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            write!(f, "{between}{name}={value}")?;
            between = ";";
        }
        Ok(())
    }
}
