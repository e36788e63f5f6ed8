use confab_codec::{Codec, Decoder, Opus};
use confab_rtp::{Framing, Packet};

/// The longest packet that may be decoded, ms (RFC 6716 §3.2.5), and the longest frame of a room.
const LONGEST_MS: usize = 120;
const FRAME_MS: usize = 20;

#[test]
fn decoders() {
    confab_fuzz::run("corpus/rtp", |input| {
        decode_all(input, Codec::Pcmu, 8000);
        decode_all(input, Codec::Pcma, 8000);
        decode_all(input, Codec::G722, 16_000);
        decode_all(input, Codec::L16 { rate: 16_000 }, 16_000);
        decode_all(input, Codec::Opus(Opus::default()), [8000, 16_000, 24_000, 48_000][input.len() % 4]);
    });
}

/// Payloads of any kind are decoded, recovered from and concealed in turn. What makes no sound is refused as a whole, and
/// what is said to last so long does.
fn decode_all(input: &[u8], codec: Codec, rate: u32) {
    let Ok(mut decoder) = Decoder::new(codec, rate) else { unreachable!("{codec:?} runs at {rate} Hz") };
    let ms = rate as usize / 1000;
    let mut pcm = vec![0; LONGEST_MS * ms];
    let mut rest = input;
    while let Some((&length, more)) = rest.split_first() {
        let (datagram, after) = more.split_at((length as usize).min(more.len()));
        rest = after;
        let Ok(Packet { payload, sequence, .. }) = Packet::parse(datagram) else { continue };
        match sequence % 4 {
            0 => decoder.conceal(&mut pcm[..FRAME_MS * ms + usize::from(sequence >> 8)]),
            1 if decoder.recover(payload, &mut pcm[..FRAME_MS * ms]) => {}
            2 => decoder.noise(length, payload, &mut pcm[..FRAME_MS * ms]),
            _ => {}
        }
        let told = decoder.samples_in(payload);
        let decoded = decoder.decode(payload, &mut pcm);
        assert!(decoded.is_err() || decoded == told, "{codec:?}: {decoded:?} of {told:?}");
        if codec.is_packetized() && told.is_ok() {
            let units = Framing::Opus.units(payload).map(|units| units as usize * ms / 48);
            assert_eq!(units, told.ok(), "the jitter buffer and the decoder agree");
        }
    }
}
