//! Comfort noise as its payload says it (RFC 3389 §3).

/// Reflection coefficients that are kept; more say nothing that is heard.
const MOST: usize = 10;

/// Level and spectrum of a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpectralNoise {
    /// Level in −dBov, 0 to 127.
    pub level: u8,
    count: u8,
    coefficients: [u8; MOST],
}

impl SpectralNoise {
    /// Read a payload; `None` if it is empty.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let (level, spectrum) = payload.split_first()?;
        let mut coefficients = [0; MOST];
        let count = coefficients.iter_mut().zip(spectrum).map(|(to, from)| *to = *from).count();
        Some(Self { level: level & 0x7f, count: u8::try_from(count).ok()?, coefficients })
    }

    /// The quantised reflection coefficients (RFC 3389 §3.2); empty for white noise.
    #[must_use]
    pub fn spectrum(&self) -> &[u8] {
        self.coefficients.get(..self.count.into()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_and_spectrum_are_read() {
        assert_eq!(SpectralNoise::parse(&[]), None);
        let table: [(&[u8], u8, &[u8]); 4] = [
            (&[0x45], 0x45, &[]),
            (&[0xc5, 1, 2], 0x45, &[1, 2]),
            (&[7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 7, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
            (&[7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 7, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ];
        for (payload, level, spectrum) in table {
            let noise = SpectralNoise::parse(payload).unwrap();
            assert_eq!((noise.level, noise.spectrum()), (level, spectrum));
        }
    }
}
