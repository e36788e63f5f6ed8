//! L16 (RFC 3551 §4.5.11): linear 16-bit samples in network byte order.

/// Writes one sample into two octets, as many as both slices have room for. Returns the octets.
pub fn encode(pcm: &[i16], out: &mut [u8]) -> usize {
    for (octets, sample) in out.chunks_exact_mut(2).zip(pcm) {
        octets.copy_from_slice(&sample.to_be_bytes());
    }
    2 * pcm.len().min(out.len() / 2)
}

/// Reads one sample from two octets, as many as both slices have room for. Returns the samples.
pub fn decode(payload: &[u8], out: &mut [i16]) -> usize {
    let (octets, _odd) = payload.as_chunks::<2>();
    for (sample, &octets) in out.iter_mut().zip(octets) {
        *sample = i16::from_be_bytes(octets);
    }
    octets.len().min(out.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_octet_comes_first() {
        let mut octets = [0; 6];
        assert_eq!(encode(&[0x0102, -2, i16::MIN], &mut octets), 6);
        assert_eq!(octets, [1, 2, 0xff, 0xfe, 0x80, 0]);
    }

    #[test]
    fn every_sample_returns() {
        let pcm: Vec<_> = (i16::MIN..=i16::MAX).collect();
        let (mut octets, mut again) = (vec![0; 2 * pcm.len()], vec![0; pcm.len()]);
        assert_eq!(encode(&pcm, &mut octets), octets.len());
        assert_eq!(decode(&octets, &mut again), pcm.len());
        assert_eq!(again, pcm);
    }

    #[test]
    fn half_a_sample_is_not_read_and_short_slices_are_respected() {
        let mut pcm = [7; 3];
        assert_eq!(decode(&[0, 1, 0, 2, 0], &mut pcm), 2);
        assert_eq!(pcm, [1, 2, 7]);
        let mut octets = [9; 3];
        assert_eq!(encode(&[1, 2], &mut octets), 2);
        assert_eq!(octets, [0, 1, 9]);
    }
}
