//! The packets that a call sends.

use std::time::Duration;

use confab_codec::{Codec, CodecError, Encoder};
use confab_mixer::Tone;
use confab_rtp::rtcp::SenderInfo;
use confab_rtp::{EventSender, Outbound, Packet};
use confab_sdp::Stream;

use super::KeyTiming;
use super::format::Format;
use super::source::Player;
use crate::call::Reply;
use crate::error::PhoneError;

/// The level of each of the two tones of an in-band key, in dBov.
const KEY_DBOV: f32 = -12.0;

/// How often there would be a packet before a codec is negotiated, in ms.
const IDLE_MS: u8 = 20;

/// The bit of a telephone-event's second octet that says that the key is up (RFC 4733 §2.3.3).
const KEY_END: u8 = 0x80;

/// The longest payload: 60 ms of L16 at 48 kHz.
const PAYLOAD: usize = 60 * 48 * 2;

/// Makes one packet for each interval.
pub(super) struct Sender {
    outbound: Outbound,
    events: EventSender,
    pressing: Option<Pressing>,
    /// Nothing before a codec is negotiated.
    voice: Option<Voice>,
    packet: [u8; Packet::HEADER + PAYLOAD],
}

/// A codec at work.
struct Voice {
    codec: Codec,
    encoder: Encoder,
    packet_ms: u8,
    /// The audio of one packet.
    frame: Vec<i16>,
    payload: [u8; PAYLOAD],
}

/// A key that is down, or the pause after it.
struct Pressing {
    /// The dual tone of an in-band key and how many samples of it are left.
    tone: Option<(Tone, usize)>,
    /// Until the next key may follow.
    left: Duration,
    done: Reply<()>,
}

impl Sender {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            outbound: Outbound::new(seed),
            events: EventSender::new(),
            pressing: None,
            voice: None,
            packet: [0; Packet::HEADER + PAYLOAD],
        }
    }

    /// Sends by `codec` from now on, in packets of `ptime_ms`.
    pub(super) fn tune(&mut self, codec: Codec, ptime_ms: u8) -> Result<(), CodecError> {
        let packet_ms = packet_ms(codec, ptime_ms.clamp(10, 60));
        match &mut self.voice {
            Some(voice) if voice.codec == codec => voice.take(packet_ms),
            voice => *voice = Some(Voice::new(codec, packet_ms)?),
        }
        Ok(())
    }

    /// The time that one packet stands for.
    pub(super) fn interval(&self) -> Duration {
        Duration::from_millis(self.voice.as_ref().map_or(IDLE_MS, |voice| voice.packet_ms).into())
    }

    /// The next packet, and whether it tells that a key is up; `None` when nothing is to be sent. A key takes the place
    /// of the source's audio.
    pub(super) fn next(&mut self, stream: &Stream, player: &mut Player) -> Option<(&[u8], bool)> {
        let (interval, units) = (self.interval(), self.units());
        let voice = self.voice.as_mut()?;
        let sounds = player.fill(&mut voice.frame);
        let in_band = press_on(&mut self.pressing, &mut voice.frame, interval, self.events.is_active());
        if let (Some(events), Some(event)) = (stream.events, self.events.next(units as u16)) {
            let length = self.outbound.write_event(events.send_payload_type, &event, units, &mut self.packet);
            return Some((&self.packet[..length], event.payload[1] & KEY_END != 0));
        }
        let octets =
            if sounds || in_band { voice.encoder.encode(&voice.frame, &mut voice.payload) } else { 0 };
        if octets == 0 {
            self.outbound.silence(units);
            return None;
        }
        let payload = &voice.payload[..octets];
        let length = self.outbound.write(stream.send_payload_type, payload, units, &mut self.packet);
        Some((&self.packet[..length], false))
    }

    /// The time of a packet passes without one, so that the next has the timestamp of its own moment.
    pub(super) fn skip(&mut self) {
        self.outbound.silence(self.units());
    }

    /// Presses a key by telephone-event packets.
    pub(super) fn press_event(&mut self, stream: &Stream, key: char, timing: KeyTiming, done: Reply<()>) {
        let on = timing.on.as_millis() as u32 * (self.format().clock_rate / 1000);
        if stream.events.is_none() || !self.events.press(key, on, self.outbound.timestamp()) {
            let _ = done.send(Err(PhoneError::NoEvents));
            return;
        }
        self.pressing = Some(Pressing { tone: None, left: timing.on + timing.off, done });
    }

    /// Presses a key by its dual tone.
    pub(super) fn press_in_band(&mut self, key: char, timing: KeyTiming, done: Reply<()>) {
        let format = self.format();
        let samples = timing.on.as_millis() as usize * format.samples_per_ms();
        let tone = Tone::dtmf(format.rate, key, KEY_DBOV).map(|tone| (tone, samples));
        self.pressing = Some(Pressing { tone, left: timing.on + timing.off, done });
    }

    /// What our sender report says.
    pub(super) fn info(&self, ntp: u64) -> SenderInfo {
        self.outbound.sender_info(ntp)
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.outbound.ssrc()
    }

    pub(super) fn format(&self) -> Format {
        self.voice.as_ref().map_or(Format::NARROW, |voice| Format::of(voice.codec))
    }

    /// The units of the timestamp that one packet stands for.
    fn units(&self) -> u32 {
        self.interval().as_millis() as u32 * (self.format().clock_rate / 1000)
    }
}

impl Voice {
    fn new(codec: Codec, packet_ms: u8) -> Result<Self, CodecError> {
        let encoder = Encoder::new(codec, Format::of(codec).rate)?;
        let mut voice = Self { codec, encoder, packet_ms, frame: Vec::new(), payload: [0; PAYLOAD] };
        voice.take(packet_ms);
        Ok(voice)
    }

    /// Takes so many ms into a packet.
    fn take(&mut self, packet_ms: u8) {
        self.packet_ms = packet_ms;
        self.frame.resize(usize::from(packet_ms) * Format::of(self.codec).samples_per_ms(), 0);
    }
}

/// The length of packets in ms; an Opus encoder knows its own.
fn packet_ms(codec: Codec, ptime_ms: u8) -> u8 {
    if let Codec::Opus(opus) = codec { opus.packet_ms } else { ptime_ms }
}

/// Goes on with the key that is down; `true` when the frame holds its tone.
fn press_on(pressed: &mut Option<Pressing>, frame: &mut [i16], interval: Duration, has_event: bool) -> bool {
    let Some(mut pressing) = pressed.take() else { return false };
    let sounds = pressing.sound(frame);
    pressing.left = pressing.left.saturating_sub(interval);
    if pressing.left > Duration::ZERO || has_event {
        *pressed = Some(pressing);
    } else {
        let _ = pressing.done.send(Ok(()));
    }
    sounds
}

impl Pressing {
    fn sound(&mut self, frame: &mut [i16]) -> bool {
        let Some((tone, left)) = &mut self.tone else { return false };
        if *left == 0 {
            return false;
        }
        let count = frame.len().min(*left);
        tone.fill(&mut frame[..count]);
        frame[count..].fill(0);
        *left -= count;
        true
    }
}

#[cfg(test)]
mod tests {
    use confab_codec::Law;
    use confab_rtp::EventReceiver;
    use confab_sdp::{Direction, Encoding, Events, OpusParameters};

    use tokio::sync::oneshot;

    use super::*;
    use crate::media::Source;

    /// For keys whose end nobody waits for.
    fn nobody() -> Reply<()> {
        oneshot::channel().0
    }

    fn stream() -> Stream {
        Stream {
            remote: None,
            remote_rtcp: None,
            encoding: Encoding::Pcmu,
            send_payload_type: 0,
            receive_payload_type: 0,
            opus: OpusParameters::default(),
            events: Some(Events { send_payload_type: 101, receive_payload_type: 101, clock_rate: 8000 }),
            comfort_noise: None,
            ptime_ms: 20,
            direction: Direction::SendRecv,
            rtcp_mux: false,
            rtcp_xr: false,
            audio_level: None,
            is_ambiguous: false,
        }
    }

    fn sender() -> Sender {
        let mut sender = Sender::new(7);
        sender.tune(Codec::Pcmu, 20).unwrap();
        sender
    }

    fn silence() -> Player {
        Player::new(Source::Silence, 8000)
    }

    #[test]
    fn a_key_takes_the_place_of_audio_and_leaves_no_hole() {
        let (mut sender, mut player) = (sender(), silence());
        let mut keys = EventReceiver::new(8000);
        let mut heard = String::new();
        let mut sequences = Vec::new();
        for tick in 0..30 {
            if tick == 5 {
                sender.press_event(&stream(), '#', KeyTiming::default(), nobody());
            }
            let (bytes, _) = sender.next(&stream(), &mut player).unwrap();
            let packet = Packet::parse(bytes).unwrap();
            sequences.push(packet.sequence);
            if packet.payload_type == 101 {
                heard.extend(keys.receive(packet.payload, packet.timestamp));
            }
        }
        assert_eq!(heard, "#");
        assert!(sequences.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)));
    }

    #[test]
    fn an_in_band_key_sounds_for_its_time() {
        let (mut sender, mut player) = (sender(), silence());
        let (done, mut finished) = oneshot::channel();
        sender.press_in_band('5', KeyTiming::default(), done);
        let mut audio = Vec::new();
        for _ in 0..10 {
            assert!(finished.try_recv().is_err());
            let bytes = sender.next(&stream(), &mut player).unwrap().0.to_vec();
            let mut frame = [0; 160];
            Law::Mu.decode(Packet::parse(&bytes).unwrap().payload, &mut frame);
            audio.extend(frame);
        }
        for hz in [770.0, 1336.0] {
            let level = confab_mixer::tone_level_dbov(&audio[..800], 8000, hz);
            assert!((level - KEY_DBOV).abs() < 0.5, "{hz} Hz at {level} dBov");
        }
        assert!(confab_mixer::level_dbov(&audio[800..]) < -60.0);
        assert!(finished.try_recv().unwrap().is_ok());
    }

    #[test]
    fn a_key_without_telephone_event_is_refused() {
        let (done, mut finished) = oneshot::channel();
        let stream = Stream { events: None, ..stream() };
        sender().press_event(&stream, '1', KeyTiming::default(), done);
        assert!(matches!(finished.try_recv().unwrap(), Err(PhoneError::NoEvents)));
    }
}
