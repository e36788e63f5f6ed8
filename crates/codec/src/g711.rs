//! G.711 by table.
//!
//! The tables are filled at compile time. Where ITU-T G.711 leaves open on which side of a decision value a sample
//! falls, the code does as the ITU's own software tool library (G.191) does: negative samples are taken in one's
//! complement.

/// The two companding laws of ITU-T G.711.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Law {
    /// μ-law: RTP payload type 0, `PCMU`.
    Mu,
    /// A-law: RTP payload type 8, `PCMA`.
    A,
}

impl Law {
    /// Decodes one octet per sample, as many as both slices have room for.
    pub fn decode(self, payload: &[u8], out: &mut [i16]) {
        translate(payload, out, |octet| self.table()[usize::from(octet)]);
    }

    /// The sample that an octet stands for.
    pub(crate) fn expand(self, octet: u8) -> i16 {
        self.table()[usize::from(octet)]
    }

    /// Encodes one sample per octet, as many as both slices have room for.
    pub fn encode(self, pcm: &[i16], out: &mut [u8]) {
        match self {
            Self::Mu => translate(pcm, out, |sample| look_up(&MU_ENCODE, sample, MU_SHIFT)),
            Self::A => translate(pcm, out, |sample| look_up(&A_ENCODE, sample, A_SHIFT)),
        }
    }

    /// The octet that stands for silence.
    pub const fn silence(self) -> u8 {
        match self {
            Self::Mu => 0xff,
            Self::A => 0xd5,
        }
    }

    fn table(self) -> &'static [i16; 256] {
        match self {
            Self::Mu => &MU_DECODE,
            Self::A => &A_DECODE,
        }
    }
}

/// Eight at a time, as the loop around one look-up would cost as much as that.
fn translate<T: Copy, U>(from: &[T], to: &mut [U], one: impl Fn(T) -> U) {
    let len = from.len().min(to.len());
    let ((from, last), (to, last_to)) = (from[..len].as_chunks::<8>(), to[..len].as_chunks_mut::<8>());
    for (from, to) in from.iter().zip(to) {
        for (from, to) in from.iter().zip(to) {
            *to = one(*from);
        }
    }
    last.iter().zip(last_to).for_each(|(from, to)| *to = one(*from));
}

fn look_up<const N: usize>(table: &[u8; N], sample: i16, shift: u32) -> u8 {
    // N is a power of two: the mask shows the compiler that the index is in bounds.
    table[usize::from(sample as u16 >> shift) & (N - 1)]
}

/// Low bits of a 16-bit sample that the law does not look at: μ-law is defined on 14 bits, A-law (encoding) on 12.
const MU_SHIFT: u32 = 2;
const A_SHIFT: u32 = 4;

static MU_DECODE: [i16; 256] = {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = mu_expand(octet as u8);
        octet += 1;
    }
    table
};

static A_DECODE: [i16; 256] = {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = a_expand(octet as u8);
        octet += 1;
    }
    table
};

static MU_ENCODE: [u8; 1 << 14] = {
    let mut table = [0; 1 << 14];
    let mut index = 0;
    while index < table.len() {
        table[index] = mu_compress((index << MU_SHIFT) as u16 as i16);
        index += 1;
    }
    table
};

static A_ENCODE: [u8; 1 << 12] = {
    let mut table = [0; 1 << 12];
    let mut index = 0;
    while index < table.len() {
        table[index] = a_compress((index << A_SHIFT) as u16 as i16);
        index += 1;
    }
    table
};

/// G.711 table 2: on the wire all bits are inverted; sign, 3 bits of segment, 4 bits of interval.
const fn mu_expand(octet: u8) -> i16 {
    let code = !octet;
    let segment = (code >> 4) & 7;
    let interval = (code & 0x0f) as i16;
    let magnitude = (((2 * interval + 33) << segment) - 33) << MU_SHIFT;
    if code & 0x80 == 0 { magnitude } else { -magnitude }
}

/// G.711 table 1: on the wire every other bit is inverted; the first two segments have the same step.
const fn a_expand(octet: u8) -> i16 {
    let code = octet ^ 0x55;
    let segment = (code >> 4) & 7;
    let interval = (code & 0x0f) as i16;
    let middle = 2 * interval + 1;
    let magnitude = if segment == 0 { middle << 3 } else { (middle + 32) << (segment + 2) };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

const fn mu_compress(sample: i16) -> u8 {
    let magnitude = (ones_complement_magnitude(sample) >> MU_SHIFT) + 33;
    let magnitude = if magnitude > 0x1fff { 0x1fff } else { magnitude };
    let segment = 10 - magnitude.leading_zeros(); // 33 is in segment 0, 0x1fff in segment 7
    let interval = (magnitude >> (segment + 1)) as u8 & 0x0f;
    let code = (segment as u8) << 4 | interval;
    if sample < 0 { !(code | 0x80) } else { !code }
}

const fn a_compress(sample: i16) -> u8 {
    let magnitude = ones_complement_magnitude(sample) >> A_SHIFT;
    let segment = 12u32.saturating_sub(magnitude.leading_zeros()); // below 16: segment 0; 1024 and more: 7
    let interval = (magnitude >> segment.saturating_sub(1)) as u8 & 0x0f;
    let code = (segment as u8) << 4 | interval;
    if sample < 0 { code ^ 0x55 } else { (code | 0x80) ^ 0x55 }
}

const fn ones_complement_magnitude(sample: i16) -> u16 {
    (if sample < 0 { !sample } else { sample }) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lower decision value and the output value of each of the 128 magnitudes, in 16-bit units: G.711 tables 2a
    /// (scaled by 4) and 1a (scaled by 8).
    fn definition(law: Law) -> Vec<(i32, i32)> {
        (0..128)
            .map(|n| (n / 16, n % 16))
            .map(|(segment, interval)| match law {
                Law::Mu => {
                    let lower = ((32 + 2 * interval) << segment) - 33;
                    (4 * lower.max(0), 4 * (((33 + 2 * interval) << segment) - 33))
                }
                Law::A if segment == 0 => (16 * interval, 16 * interval + 8),
                Law::A => {
                    let step = 16 << (segment - 1);
                    ((16 + interval) * step, (16 + interval) * step + step / 2)
                }
            })
            .collect()
    }

    /// The octet on the wire for the n-th magnitude.
    fn octet(law: Law, n: usize, negative: bool) -> u8 {
        let code = n as u8 | if negative { 0 } else { 0x80 };
        match law {
            Law::Mu => code ^ 0x7f,
            Law::A => code ^ 0x55,
        }
    }

    #[test]
    fn every_octet_decodes_to_the_output_value_of_the_definition() {
        for law in [Law::Mu, Law::A] {
            for (n, &(_, output)) in definition(law).iter().enumerate() {
                let mut out = [0; 2];
                law.decode(&[octet(law, n, false), octet(law, n, true)], &mut out);
                assert_eq!(out.map(i32::from), [output, -output], "{law:?} {n}");
            }
        }
    }

    #[test]
    fn every_sample_encodes_to_the_interval_of_the_definition() {
        for law in [Law::Mu, Law::A] {
            let definition = definition(law);
            for sample in i16::MIN..=i16::MAX {
                let negative = sample < 0;
                let magnitude = if negative { -1 - i32::from(sample) } else { i32::from(sample) };
                let n = definition.partition_point(|&(lower, _)| lower <= magnitude) - 1;
                let mut out = [0];
                law.encode(&[sample], &mut out);
                assert_eq!(out[0], octet(law, n, negative), "{law:?} {sample}");
            }
        }
    }

    #[test]
    fn what_was_decoded_encodes_to_itself() {
        for law in [Law::Mu, Law::A] {
            for octet in 0..=255 {
                let (mut pcm, mut again) = ([0], [0]);
                law.decode(&[octet], &mut pcm);
                law.encode(&pcm, &mut again);
                let negative_zero = law == Law::Mu && octet == 0x7f;
                assert_eq!(again[0], if negative_zero { 0xff } else { octet }, "{law:?}");
            }
        }
    }

    #[test]
    fn known_values() {
        let mut out = [0; 4];
        Law::Mu.decode(&[0x00, 0x80, 0xff, 0x7f], &mut out);
        assert_eq!(out, [-32124, 32124, 0, 0]);
        Law::A.decode(&[0x2a, 0xaa, 0xd5, 0x55], &mut out);
        assert_eq!(out, [-32256, 32256, 8, -8]);
    }

    #[test]
    fn silence_is_quiet_and_short_slices_are_respected() {
        for law in [Law::Mu, Law::A] {
            let mut pcm = [99; 3];
            law.decode(&[law.silence(); 2], &mut pcm);
            assert!(pcm[0].abs() <= 8 && pcm[2] == 99);
            let mut octets = [1; 1];
            law.encode(&[0, 0, 0], &mut octets);
            assert_eq!(octets, [law.silence()]);
        }
    }
}
