//! The packets that a call sends.

use std::time::Duration;

use confab_codec::Law;
use confab_mixer::Tone;
use confab_rtp::rtcp::{Report, SenderInfo};
use confab_rtp::{EventSender, Outbound};
use confab_sdp::{Encoding, Stream};

use super::source::Player;
use super::{KeyTiming, RATE, SAMPLES_PER_MS};
use crate::call::Reply;
use crate::error::PhoneError;

/// The level of each of the two tones of an in-band key, in dBov.
const KEY_DBOV: f32 = -12.0;

/// The longest packet: 60 ms of G.711 and its header.
const PACKET: usize = 12 + 60 * SAMPLES_PER_MS;

/// Makes one packet for each interval.
pub(super) struct Sender {
    outbound: Outbound,
    events: EventSender,
    pressing: Option<Pressing>,
    /// The audio of one packet.
    frame: Vec<i16>,
    payload: Vec<u8>,
    packet: [u8; PACKET],
}

/// A key that is down, or the pause after it.
struct Pressing {
    /// The dual tone of an in-band key and how many samples of it are left.
    tone: Option<(Tone, usize)>,
    /// Samples until the next key may follow.
    left: usize,
    done: Reply<()>,
}

impl Sender {
    pub(super) fn new(seed: u64, ptime_ms: u8) -> Self {
        let samples = usize::from(ptime_ms.clamp(10, 60)) * SAMPLES_PER_MS;
        Self {
            outbound: Outbound::new(seed),
            events: EventSender::new(),
            pressing: None,
            frame: vec![0; samples],
            payload: vec![0; samples],
            packet: [0; PACKET],
        }
    }

    /// The time that one packet stands for.
    pub(super) fn interval(&self) -> Duration {
        Duration::from_millis((self.frame.len() / SAMPLES_PER_MS) as u64)
    }

    /// The next packet; `None` when the source is to send nothing. A key takes the place of the source's audio.
    pub(super) fn next(&mut self, stream: &Stream, player: &mut Player) -> Option<&[u8]> {
        let samples = self.frame.len();
        let sounds = player.fill(&mut self.frame);
        let in_band = self.press_on();
        if let (Some(events), Some(event)) = (stream.events, self.events.next(samples as u16)) {
            let length =
                self.outbound.write_event(events.send_payload_type, &event, samples as u32, &mut self.packet);
            return Some(&self.packet[..length]);
        }
        if !sounds && !in_band {
            self.outbound.silence(samples as u32);
            return None;
        }
        law(stream.encoding).encode(&self.frame, &mut self.payload);
        let payload_type = stream.send_payload_type;
        let length = self.outbound.write(payload_type, &self.payload, samples as u32, &mut self.packet);
        Some(&self.packet[..length])
    }

    /// The time of a packet passes without one, so that the next has the timestamp of its own moment.
    pub(super) fn skip(&mut self) {
        self.outbound.silence(self.frame.len() as u32);
    }

    /// Presses a key by telephone-event packets.
    pub(super) fn press_event(&mut self, stream: &Stream, key: char, timing: KeyTiming, done: Reply<()>) {
        let on = u16::try_from(samples_of(timing.on)).unwrap_or(u16::MAX);
        if stream.events.is_none() || !self.events.press(key, on, self.outbound.timestamp()) {
            let _ = done.send(Err(PhoneError::NoEvents));
            return;
        }
        self.pressing = Some(Pressing { tone: None, left: samples_of(timing.on + timing.off), done });
    }

    /// Presses a key by its dual tone.
    pub(super) fn press_in_band(&mut self, key: char, timing: KeyTiming, done: Reply<()>) {
        let tone = Tone::dtmf(RATE, key, KEY_DBOV).map(|tone| (tone, samples_of(timing.on)));
        self.pressing = Some(Pressing { tone, left: samples_of(timing.on + timing.off), done });
    }

    /// A sender report with our CNAME into `out`; its length.
    pub(super) fn report(&self, cname: &str, ntp: u64, bye: bool, out: &mut [u8]) -> usize {
        let sender: SenderInfo = self.outbound.sender_info(ntp);
        Report { ssrc: self.outbound.ssrc(), sender: Some(sender), block: None, cname, bye }.write(out)
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.outbound.ssrc()
    }

    /// Goes on with the key that is down; `true` when the frame holds its tone.
    fn press_on(&mut self) -> bool {
        let Some(mut pressing) = self.pressing.take() else { return false };
        let sounds = pressing.sound(&mut self.frame);
        pressing.left = pressing.left.saturating_sub(self.frame.len());
        if pressing.left > 0 || self.events.is_active() {
            self.pressing = Some(pressing);
        } else {
            let _ = pressing.done.send(Ok(()));
        }
        sounds
    }
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

/// The law of an encoding.
pub(super) fn law(encoding: Encoding) -> Law {
    match encoding {
        Encoding::Pcmu => Law::Mu,
        Encoding::Pcma => Law::A,
    }
}

fn samples_of(time: Duration) -> usize {
    time.as_millis() as usize * SAMPLES_PER_MS
}

#[cfg(test)]
mod tests {
    use confab_rtp::{EventReceiver, Packet};
    use confab_sdp::{Direction, Events};

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
            events: Some(Events { send_payload_type: 101, receive_payload_type: 101 }),
            comfort_noise: None,
            ptime_ms: 20,
            direction: Direction::SendRecv,
            rtcp_mux: false,
        }
    }

    #[test]
    fn a_key_takes_the_place_of_audio_and_leaves_no_hole() {
        let (mut sender, mut player) = (Sender::new(7, 20), Player::new(Source::Silence));
        let mut keys = EventReceiver::new();
        let mut heard = String::new();
        let mut sequences = Vec::new();
        for tick in 0..30 {
            if tick == 5 {
                sender.press_event(&stream(), '#', KeyTiming::default(), nobody());
            }
            let bytes = sender.next(&stream(), &mut player).unwrap();
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
        let (mut sender, mut player) = (Sender::new(7, 20), Player::new(Source::Silence));
        let (done, mut finished) = oneshot::channel();
        sender.press_in_band('5', KeyTiming::default(), done);
        let mut audio = Vec::new();
        for _ in 0..10 {
            assert!(finished.try_recv().is_err());
            let bytes = sender.next(&stream(), &mut player).unwrap().to_vec();
            let mut frame = [0; 160];
            Law::Mu.decode(Packet::parse(&bytes).unwrap().payload, &mut frame);
            audio.extend(frame);
        }
        for hz in [770.0, 1336.0] {
            let level = confab_mixer::tone_level_dbov(&audio[..800], RATE, hz);
            assert!((level - KEY_DBOV).abs() < 0.5, "{hz} Hz at {level} dBov");
        }
        assert!(confab_mixer::level_dbov(&audio[800..]) < -60.0);
        assert!(finished.try_recv().unwrap().is_ok());
    }

    #[test]
    fn a_key_without_telephone_event_is_refused() {
        let (done, mut finished) = oneshot::channel();
        let stream = Stream { events: None, ..stream() };
        Sender::new(7, 20).press_event(&stream, '1', KeyTiming::default(), done);
        assert!(matches!(finished.try_recv().unwrap(), Err(PhoneError::NoEvents)));
    }
}
