//! Offer and answer (RFC 3264) of one leg.

use bytes::Bytes;
use sdp_types::Media;

use crate::choice::{self, Offered};
use crate::description::{Audio, Description, is_plain_audio};
use crate::encoding::Encoding;
use crate::error::{SdpError, readable};
use crate::formats::Meaning;
use crate::stream::{Direction, Events, Local, Stream};
use crate::write::{self, AudioLine};

/// The packets that Opus can be sent in, ms: one frame each (RFC 6716 §2.1.4), and three of 20 ms.
const OPUS_PTIMES: [u8; 4] = [10, 20, 40, 60];
/// The header extension of the audio level in our offers.
const AUDIO_LEVEL_ID: u8 = 1;

/// The offer/answer state of one call leg (RFC 3264). An offer or answer that is refused changes nothing.
#[derive(Debug, Clone)]
pub struct Session {
    local: Local,
    session_id: u64,
    version: u64,
    /// The description that we said last: the version of `o=` rises when the next one differs.
    said: Bytes,
    /// Which of its media lines is our audio.
    audio_line: usize,
    direction: Direction,
    offered: Option<Offered>,
    stream: Option<Stream>,
}

impl Session {
    /// A leg that has negotiated nothing yet. `session_id` is the id of `o=`.
    #[must_use]
    pub fn new(local: Local, session_id: u64) -> Self {
        Self {
            local,
            session_id,
            version: 0,
            said: Bytes::new(),
            audio_line: 0,
            direction: Direction::SendRecv,
            offered: None,
            stream: None,
        }
    }

    /// Our offer: the first one, or a re-offer that starts from what is negotiated.
    pub fn offer(&mut self) -> Bytes {
        self.offer_of(choice::next_offer(&self.local, self.stream.as_ref()))
    }

    /// A re-offer of nothing but the encoding that is negotiated: so ends what an answer with several left open
    /// (RFC 3264 §10.2).
    pub fn offer_the_chosen(&mut self) -> Bytes {
        let mut offered = choice::next_offer(&self.local, self.stream.as_ref());
        offered.encodings.truncate(1);
        offered.events.truncate(1);
        self.offer_of(offered)
    }

    /// Take the peer's answer to our last offer.
    pub fn accept_answer(&mut self, answer: &[u8]) -> Result<Stream, SdpError> {
        let offered = self.offered.as_ref().ok_or(SdpError::NoOffer)?;
        let description = Description::parse(answer)?;
        let media = description.media().get(self.audio_line).filter(|media| is_plain_audio(media));
        let media = media.or_else(|| description.media().iter().find(|media| is_plain_audio(media)));
        let media = media.ok_or(SdpError::NoAudio)?;
        let audio = self.reachable(description.audio(media)?)?;
        let stream = self.stream_of_answer(offered, &audio).ok_or_else(|| self.no_common_codec(media))?;
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
            events: &stream
                .events
                .map(|events| (events.clock_rate, events.receive_payload_type))
                .into_iter()
                .collect::<Vec<_>>(),
            flash: audio.flash,
            comfort_noise: stream.comfort_noise,
            ptime_ms: stream.ptime_ms,
            direction: stream.direction,
            rtcp_mux: stream.rtcp_mux,
            rtcp_xr: stream.rtcp_xr,
            audio_level: stream.audio_level,
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

    /// Offers and accepts these encodings from now on, the preferred one first. What is negotiated stays until the next
    /// offer is answered.
    pub fn set_encodings(&mut self, encodings: Vec<Encoding>) {
        self.local.encodings = encodings;
    }

    /// The packet duration we like to receive from now on, in ms; goes into the next offer or answer.
    pub fn set_ptime(&mut self, ptime_ms: u8) {
        self.local.ptime_ms = ptime_ms;
    }

    /// The RTP port that we receive at from now on; goes into the next offer or answer.
    pub fn set_port(&mut self, port: u16) {
        self.local.port = port;
    }

    /// What we want from now on; goes into the next offer or answer.
    pub fn set_direction(&mut self, direction: Direction) {
        self.direction = direction;
    }

    /// Whether an offer of ours is open.
    #[must_use]
    pub fn awaits_answer(&self) -> bool {
        self.offered.is_some()
    }

    /// What is negotiated.
    #[must_use]
    pub fn stream(&self) -> Option<&Stream> {
        self.stream.as_ref()
    }

    fn offer_of(&mut self, offered: Offered) -> Bytes {
        let said = Description::parse(&self.said).ok();
        let said = said.as_ref().map_or(&[][..], Description::media);
        let audio = write::audio(
            &self.local,
            &AudioLine {
                proto: said.get(self.audio_line).map_or("RTP/AVP", |media| &media.proto),
                encodings: &offered.encodings,
                events: &offered.events,
                flash: false,
                comfort_noise: offered.comfort_noise,
                ptime_ms: self.local.ptime_ms,
                direction: self.direction,
                rtcp_mux: self.local.rtcp_mux,
                rtcp_xr: self.local.rtcp_xr,
                audio_level: self.offered_audio_level(),
            },
        );
        let mut medias: Vec<Media> = said.iter().map(write::refusal).collect();
        match medias.get_mut(self.audio_line) {
            Some(line) => *line = audio,
            None => medias.push(audio),
        }
        self.offered = Some(offered);
        self.say(medias)
    }

    /// The number of the header extension that is in use, or the customary one.
    fn offered_audio_level(&self) -> Option<u8> {
        let current = self.stream.as_ref().and_then(|stream| stream.audio_level);
        self.local.audio_level.then(|| current.unwrap_or(AUDIO_LEVEL_ID))
    }

    /// The description of these lines; the version rises if it is not the last one (RFC 3264 §8).
    fn say(&mut self, medias: Vec<Media>) -> Bytes {
        let mut session = write::session(&self.local, self.session_id, self.version, medias);
        // The first one is like none, and need not be written twice to see it.
        if self.said.is_empty() || self.said != write::body(&session) {
            self.version += 1;
            session.origin.sess_version = self.version;
            self.said = write::body(&session).into();
        }
        self.said.clone()
    }

    /// The stream of an answer to what we offered: its first encoding is what the peer uses (RFC 3264 §7).
    fn stream_of_answer(&self, offered: &Offered, audio: &Audio) -> Option<Stream> {
        let mut common = choice::common(&self.local, &audio.formats);
        let chosen =
            common.find(|(encoding, _)| offered.encodings.iter().any(|(known, _)| known == encoding))?;
        let is_ambiguous = common.next().is_some();
        Some(Stream { is_ambiguous, ..self.stream_of(chosen, offered, audio)? })
    }

    fn stream_of(&self, chosen: (Encoding, u8), offered: &Offered, audio: &Audio) -> Option<Stream> {
        let (encoding, send_payload_type) = chosen;
        let (_, receive_payload_type) = *offered.encodings.iter().find(|(known, _)| *known == encoding)?;
        let rtcp_mux = audio.rtcp_mux && self.local.rtcp_mux;
        Some(Stream {
            remote: audio.remote,
            remote_rtcp: if rtcp_mux { audio.remote } else { audio.remote_rtcp },
            encoding,
            send_payload_type,
            receive_payload_type,
            opus: audio.opus,
            events: agreed_events(encoding, offered, audio),
            comfort_noise: comfort_noise(encoding, audio).and(offered.comfort_noise),
            ptime_ms: self.ptime(encoding, audio),
            direction: audio.direction.mirrored().and(self.direction),
            rtcp_mux,
            rtcp_xr: audio.rtcp_xr && self.local.rtcp_xr,
            audio_level: audio.audio_level.filter(|_| self.local.audio_level),
            is_ambiguous: false,
        })
    }

    /// The first stream of an offer that suits; else what is wrong with the first audio.
    fn choose(&self, description: &Description) -> Result<(usize, Audio, Stream), SdpError> {
        let mut wrong = None;
        for (index, media) in description.media().iter().enumerate() {
            let choice = description.audio(media).and_then(|audio| self.reachable(audio)).and_then(|audio| {
                let stream = self.stream_of_offer(&audio).ok_or_else(|| self.no_common_codec(media))?;
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
        let chosen = choice::of_offer(&self.local, &audio.formats)?;
        let events = choice::events_for(chosen.0.clock_rate(), &audio.formats);
        let offered = Offered {
            encodings: vec![chosen],
            events: events.into_iter().filter(|_| self.local.telephone_event).collect(),
            comfort_noise: comfort_noise(chosen.0, audio).filter(|_| self.local.comfort_noise),
        };
        self.stream_of(chosen, &offered, audio)
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

    /// What the peer wants, within what it can take and the encoding has.
    fn ptime(&self, encoding: Encoding, audio: &Audio) -> u8 {
        let wanted = audio.ptime_ms.unwrap_or(self.local.ptime_ms);
        let wanted = audio.max_ptime_ms.map_or(wanted, |most| wanted.min(most));
        if encoding != Encoding::Opus {
            return wanted;
        }
        let least = audio.opus.min_ptime_ms.unwrap_or(0).min(audio.max_ptime_ms.unwrap_or(60));
        OPUS_PTIMES.into_iter().rev().find(|ms| *ms <= wanted.max(least)).unwrap_or(OPUS_PTIMES[0])
    }

    fn no_common_codec(&self, media: &Media) -> SdpError {
        let known: Vec<String> = self.local.encodings.iter().map(Encoding::to_string).collect();
        SdpError::NoCommonCodec { offered: readable(&media.fmt), known: known.join(", ") }
    }

    fn reachable(&self, audio: Audio) -> Result<Audio, SdpError> {
        match audio.remote {
            Some(remote) if !self.local.reaches(remote.ip()) => Err(SdpError::BadAddress(remote)),
            _ => Ok(audio),
        }
    }
}

fn agreed_events(encoding: Encoding, offered: &Offered, audio: &Audio) -> Option<Events> {
    let (clock_rate, send_payload_type) = choice::events_for(encoding.clock_rate(), &audio.formats)?;
    let (_, receive_payload_type) = *offered.events.iter().find(|(rate, _)| *rate == clock_rate)?;
    Some(Events { send_payload_type, receive_payload_type, clock_rate })
}

/// Comfort noise belongs to audio of its clock rate (RFC 3389 §4), and Opus has its own.
fn comfort_noise(encoding: Encoding, audio: &Audio) -> Option<u8> {
    let known = audio.formats.iter().find(|(_, meaning)| *meaning == Meaning::ComfortNoise(8000));
    known.filter(|_| encoding.clock_rate() == 8000).map(|(payload_type, _)| *payload_type)
}

#[cfg(test)]
mod tests;
