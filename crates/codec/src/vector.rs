//! Sums over many samples, written so that the compiler uses vector instructions: eight sums at once.

/// The sum of the products, as far as both reach.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a8, b8) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    let mut sums = [0.0; 8];
    for (a, b) in a8.iter().zip(b8) {
        for (sum, (x, y)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += x * y;
        }
    }
    let done = a8.len().min(b8.len()) * 8;
    let rest: f32 = a[done..].iter().zip(&b[done..]).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f32>() + rest
}

/// The mean square; 0 of nothing.
pub(crate) fn mean_square(samples: &[i16]) -> f32 {
    let (eights, rest) = samples.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for eight in eights {
        for (sum, &sample) in sums.iter_mut().zip(eight) {
            *sum += f32::from(sample) * f32::from(sample);
        }
    }
    let rest: f32 = rest.iter().map(|&sample| f32::from(sample).powi(2)).sum();
    (sums.iter().sum::<f32>() + rest) / samples.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_length_is_summed_whole() {
        let samples: Vec<i16> = (1..=37).collect();
        let floats: Vec<f32> = samples.iter().map(|&sample| sample.into()).collect();
        for len in 0..=37_u16 {
            let squares = f32::from(len) * f32::from(len + 1) * f32::from(2 * len + 1) / 6.0;
            let (samples, floats) = (&samples[..len.into()], &floats[..len.into()]);
            assert_eq!(dot(floats, floats), squares);
            assert!((mean_square(samples) * f32::from(len) - squares).abs() < 0.01 * squares.max(1.0));
        }
    }
}
