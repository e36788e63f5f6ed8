//! Nothing allocates after it was made.

use confab_codec::{Codec, Decoder, Encoder, Opus, Resampler, stretch};

const FEC: Opus =
    Opus { bitrate: 24_000, complexity: 5, fec: true, expected_loss: 10, dtx: true, packet_ms: 20 };

const CODECS: [Codec; 5] =
    [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::L16 { rate: 32_000 }, Codec::Opus(FEC)];

fn allocations(run: impl FnOnce()) -> u64 {
    allocation_counter::measure(run).count_total
}

fn sawtooth(len: usize) -> Vec<i16> {
    (0..len).map(|n| (n % 100) as i16 * 100).collect()
}

#[test]
fn coders_do_not_allocate() {
    for codec in CODECS {
        let rate = codec.sample_rate();
        let [mut encoder, mut other] = [(); 2].map(|()| Encoder::new(codec, rate).unwrap());
        let mut decoder = Decoder::new(codec, rate).unwrap();
        let (pcm, mut out) = (sawtooth(rate as usize / 50), vec![0; rate as usize / 50]);
        let mut payload = [0; 2000];
        let run = || {
            for n in 0..20 {
                let octets = encoder.encode(&pcm, &mut payload);
                match n % 4 {
                    0 => drop(decoder.decode(&payload[..octets], &mut out)),
                    1 => drop(decoder.recover(&payload[..octets], &mut out)),
                    2 => decoder.conceal(&mut out),
                    _ => decoder.noise(50, &[100, 140], &mut out),
                }
                other.take_over(&encoder, &pcm);
                encoder.adjust(codec);
            }
            decoder.splice();
            decoder.reset();
        };
        assert_eq!(allocations(run), 0, "{codec:?}");
    }
}

#[test]
fn resampling_and_stretching_do_not_allocate() {
    let pcm = sawtooth(960);
    for (from, to) in [(8000, 48_000), (48_000, 16_000), (16_000, 24_000)] {
        let mut resampler = Resampler::new(from, to).unwrap();
        let mut out = [0; 6000];
        let run = || {
            resampler.process(&pcm, &mut out);
            resampler.prime(&pcm);
        };
        assert_eq!(allocations(run), 0, "{from} to {to}");
    }
    let mut sound = sawtooth(1920);
    let run = || {
        stretch::shorten(&mut sound, 48_000, stretch::Audible::Slightly);
        stretch::lengthen(&mut sound, 960, 48_000, stretch::Audible::Slightly);
    };
    assert_eq!(allocations(run), 0);
}
