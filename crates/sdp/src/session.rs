//! Offer and answer (RFC 3264) of one leg.

use bytes::Bytes;
use sdp_types::Media;

use crate::description::{Audio, Description, Meaning, is_plain_audio};
use crate::error::{SdpError, readable};
use crate::stream::{Direction, Encoding, Events, Local, Stream};
use crate::write::{self, AudioLine, EventsLine};

/// Payload type of telephone-events in our offers, the customary one.
const EVENTS_PAYLOAD_TYPE: u8 = 101;
/// Static payload type of comfort noise (RFC 3389).
const COMFORT_NOISE_PAYLOAD_TYPE: u8 = 13;

/// The offer/answer state of one call leg (RFC 3264). An offer or answer that is refused changes nothing.
#[derive(Debug, Clone)]
pub struct Session {
    local: Local,
    session_id: u64,
    version: u64,
    /// The media lines we said last: the version of `o=` rises when they change.
    said: Vec<Media>,
    /// Which of the media lines is our audio.
    audio_line: usize,
    direction: Direction,
    offered: Option<Offered>,
    stream: Option<Stream>,
}

/// What our open offer promised to receive.
#[derive(Debug, Clone)]
struct Offered {
    encodings: Vec<(Encoding, u8)>,
    events: Option<u8>,
    comfort_noise: Option<u8>,
}

impl Session {
    /// A leg that has negotiated nothing yet. `session_id` is the id of `o=`.
    #[must_use]
    pub fn new(local: Local, session_id: u64) -> Self {
        Self {
            local,
            session_id,
            version: 0,
            said: Vec::new(),
            audio_line: 0,
            direction: Direction::SendRecv,
            offered: None,
            stream: None,
        }
    }

    /// Our offer: the first one, or a re-offer that starts from what is negotiated.
    pub fn offer(&mut self) -> Bytes {
        let offered = self.next_offer();
        let audio = write::audio(
            &self.local,
            &AudioLine {
                proto: self.said.get(self.audio_line).map_or("RTP/AVP", |media| &media.proto),
                encodings: &offered.encodings,
                events: offered.events.map(|payload_type| EventsLine { payload_type, flash: false }),
                comfort_noise: offered.comfort_noise,
                ptime_ms: self.local.ptime_ms,
                direction: self.direction,
                rtcp_mux: self.local.rtcp_mux,
            },
        );
        let mut medias: Vec<Media> = self.said.iter().map(write::refusal).collect();
        match medias.get_mut(self.audio_line) {
            Some(line) => *line = audio,
            None => medias.push(audio),
        }
        self.offered = Some(offered);
        self.say(medias)
    }

    /// Take the peer's answer to our last offer.
    pub fn accept_answer(&mut self, answer: &[u8]) -> Result<Stream, SdpError> {
        let offered = self.offered.as_ref().ok_or(SdpError::NoOffer)?;
        let description = Description::parse(answer)?;
        let media = description.media().get(self.audio_line).filter(|media| is_plain_audio(media));
        let media = media.or_else(|| description.media().iter().find(|media| is_plain_audio(media)));
        let media = media.ok_or(SdpError::NoAudio)?;
        let audio = self.reachable(description.audio(media)?)?;
        let stream = self.stream_of_answer(offered, &audio).ok_or_else(|| no_common_codec(media))?;
        self.offered = None;
        Ok(self.stream.insert(stream).clone())
    }

    /// Answer the peer's offer: the first audio stream that suits, every other line refused.
    pub fn answer(&mut self, offer: &[u8]) -> Result<(Bytes, Stream), SdpError> {
        let description = Description::parse(offer)?;
        let medias = description.media();
        let (index, audio, stream) = match self.choose(&description) {
            Ok(chosen) => chosen,
            Err(error) => return self.answer_disabled(medias).ok_or(error),
        };
        let line = AudioLine {
            proto: &medias[index].proto,
            encodings: &[(stream.encoding, stream.receive_payload_type)],
            events: stream
                .events
                .map(|events| EventsLine { payload_type: events.receive_payload_type, flash: audio.flash }),
            comfort_noise: stream.comfort_noise,
            ptime_ms: stream.ptime_ms,
            direction: stream.direction,
            rtcp_mux: stream.rtcp_mux,
        };
        if let Some(remote) = stream.remote {
            self.local.prefer(remote.ip());
        }
        let mut lines: Vec<Media> = medias.iter().map(write::refusal).collect();
        lines[index] = write::audio(&self.local, &line);
        self.audio_line = index;
        self.offered = None;
        self.stream = Some(stream.clone());
        Ok((self.say(lines), stream))
    }

    /// What we want from now on; goes into the next offer or answer.
    pub fn set_direction(&mut self, direction: Direction) {
        self.direction = direction;
    }

    /// What is negotiated.
    #[must_use]
    pub fn stream(&self) -> Option<&Stream> {
        self.stream.as_ref()
    }

    /// The description of these lines; the version rises if they are not those of the last one (RFC 3264 §8).
    fn say(&mut self, medias: Vec<Media>) -> Bytes {
        if self.said != medias {
            self.version += 1;
            self.said.clone_from(&medias);
        }
        write::description(&self.local, self.session_id, self.version, medias).into()
    }

    /// All our encodings, the negotiated one first, with the payload types that are in use.
    fn next_offer(&self) -> Offered {
        let current = self.stream.as_ref();
        let mut encodings: Vec<(Encoding, u8)> =
            self.local.encodings.iter().map(|encoding| (*encoding, encoding.static_payload_type())).collect();
        if let Some(stream) = current {
            encodings.retain(|(encoding, _)| *encoding != stream.encoding);
            encodings.insert(0, (stream.encoding, stream.receive_payload_type));
        }
        let events = current.and_then(|stream| stream.events).map(|events| events.receive_payload_type);
        let comfort_noise = current.and_then(|stream| stream.comfort_noise);
        Offered {
            encodings,
            events: self.local.telephone_event.then(|| events.unwrap_or(EVENTS_PAYLOAD_TYPE)),
            comfort_noise: self
                .local
                .comfort_noise
                .then(|| comfort_noise.unwrap_or(COMFORT_NOISE_PAYLOAD_TYPE)),
        }
    }

    fn stream_of_answer(&self, offered: &Offered, audio: &Audio) -> Option<Stream> {
        let (encoding, send_payload_type) = self.pick(audio)?;
        let (_, receive_payload_type) = *offered.encodings.iter().find(|(known, _)| *known == encoding)?;
        let events = payload_type_of(audio, Meaning::Events).zip(offered.events);
        let rtcp_mux = audio.rtcp_mux && self.local.rtcp_mux;
        Some(Stream {
            remote: audio.remote,
            remote_rtcp: if rtcp_mux { audio.remote } else { audio.remote_rtcp },
            encoding,
            send_payload_type,
            receive_payload_type,
            events: events.map(|(send_payload_type, receive_payload_type)| Events {
                send_payload_type,
                receive_payload_type,
            }),
            comfort_noise: payload_type_of(audio, Meaning::ComfortNoise).and(offered.comfort_noise),
            ptime_ms: self.ptime(audio),
            direction: audio.direction.mirrored().and(self.direction),
            rtcp_mux,
        })
    }

    /// The first stream of an offer that suits; else what is wrong with the first audio.
    fn choose(&self, description: &Description) -> Result<(usize, Audio, Stream), SdpError> {
        let mut wrong = None;
        for (index, media) in description.media().iter().enumerate() {
            let choice = description.audio(media).and_then(|audio| self.reachable(audio)).and_then(|audio| {
                let stream = self.stream_of_offer(&audio).ok_or_else(|| no_common_codec(media))?;
                Ok((index, audio, stream))
            });
            match choice {
                Ok(choice) => return Ok(choice),
                Err(SdpError::NoAudio) => {}
                Err(error) => wrong = wrong.or(Some(error)),
            }
        }
        Err(wrong.unwrap_or(SdpError::NoAudio))
    }

    /// We answer with the offer's own payload types, so both directions use the same numbers (RFC 3264 §6.1).
    fn stream_of_offer(&self, audio: &Audio) -> Option<Stream> {
        let encoding = self.pick(audio)?;
        let offered = Offered {
            encodings: vec![encoding],
            events: payload_type_of(audio, Meaning::Events).filter(|_| self.local.telephone_event),
            comfort_noise: payload_type_of(audio, Meaning::ComfortNoise).filter(|_| self.local.comfort_noise),
        };
        self.stream_of_answer(&offered, audio)
    }

    /// A re-offer whose audio has port 0 takes the stream away for a while: we agree, and the leg is on hold.
    fn answer_disabled(&mut self, medias: &[Media]) -> Option<(Bytes, Stream)> {
        let line = medias.get(self.audio_line).filter(|media| is_plain_audio(media) && media.port == 0);
        let (_, current) = line.zip(self.stream.as_ref())?;
        let stream =
            Stream { remote: None, remote_rtcp: None, direction: Direction::Inactive, ..current.clone() };
        self.offered = None;
        self.stream = Some(stream.clone());
        Some((self.say(medias.iter().map(write::refusal).collect()), stream))
    }

    /// The peer's first encoding that we speak.
    fn pick(&self, audio: &Audio) -> Option<(Encoding, u8)> {
        audio.formats.iter().find_map(|(payload_type, meaning)| match meaning {
            Meaning::Audio(encoding) if self.local.encodings.contains(encoding) => {
                Some((*encoding, *payload_type))
            }
            _ => None,
        })
    }

    fn ptime(&self, audio: &Audio) -> u8 {
        let wanted = audio.ptime_ms.unwrap_or(self.local.ptime_ms);
        audio.max_ptime_ms.map_or(wanted, |most| wanted.min(most))
    }

    fn reachable(&self, audio: Audio) -> Result<Audio, SdpError> {
        match audio.remote {
            Some(remote) if !self.local.reaches(remote.ip()) => Err(SdpError::BadAddress(remote)),
            _ => Ok(audio),
        }
    }
}

fn payload_type_of(audio: &Audio, wanted: Meaning) -> Option<u8> {
    audio.formats.iter().find(|(_, meaning)| *meaning == wanted).map(|(payload_type, _)| *payload_type)
}

fn no_common_codec(media: &Media) -> SdpError {
    SdpError::NoCommonCodec { offered: readable(&media.fmt) }
}

#[cfg(test)]
mod tests;
