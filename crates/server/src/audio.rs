//! Carries out the switchboard's orders to the audio engine: ids, codecs and sound names become what the engine knows.

use std::collections::HashMap;
use std::net::IpAddr;

use confab_codec::Law;
use confab_conference::{Control, LegId, Listener, PlaybackId, RoomId};
use confab_media::{Command, CommandError, Engine, EngineStats, Event, StreamConfig};
use confab_mixer::Hear;
use confab_sdp::{Encoding, Stream};
use confab_switchboard::{MediaCommand, MediaEvent};

use crate::sounds::Library;

/// The engine, the sounds, the rate of each room and the room of each leg.
pub(crate) struct Audio {
    engine: Engine,
    library: Library,
    rates: HashMap<RoomId, u32>,
    rooms: HashMap<LegId, RoomId>,
    cname: String,
}

impl Audio {
    pub(crate) fn new(engine: Engine, library: Library, cname: String) -> Self {
        Self { engine, library, rates: HashMap::new(), rooms: HashMap::new(), cname }
    }

    /// Does as told. Some orders are answered at once by an event for the switchboard.
    pub(crate) fn perform(&mut self, command: MediaCommand) -> Option<MediaEvent> {
        match command {
            MediaCommand::OpenLeg { leg } => return Some(self.open_leg(leg)),
            MediaCommand::StartLeg { leg, room, stream, signalling } => {
                self.rooms.insert(leg, room);
                let stream = self.stream_config(&stream, signalling);
                self.order(Command::StartLeg { leg: media_leg(leg), room: media_room(room), stream });
            }
            MediaCommand::UpdateLeg { leg, stream, signalling } => {
                let on = stream.on_hold();
                let stream = self.stream_config(&stream, signalling);
                self.order(Command::UpdateStream { leg: media_leg(leg), stream });
                self.order(Command::Hold { leg: media_leg(leg), on });
            }
            MediaCommand::StopLeg { leg } => {
                self.rooms.remove(&leg);
                self.order(Command::StopLeg { leg: media_leg(leg) });
            }
            MediaCommand::OpenRoom { room, rate, interval_ms, comfort_noise } => {
                self.rates.insert(room, rate);
                self.order(Command::OpenRoom { room: media_room(room), rate, interval_ms, comfort_noise });
            }
            MediaCommand::CloseRoom { room } => {
                self.rates.remove(&room);
                self.order(Command::CloseRoom { room: media_room(room) });
            }
            MediaCommand::Set { leg, control } => {
                self.order(Command::Set { leg: media_leg(leg), control: media_control(control) });
            }
            MediaCommand::Play { playback, to, sounds, repeat } => {
                return self.play(playback, to, &sounds, repeat);
            }
            MediaCommand::Stop { playback } => {
                self.order(Command::Stop { playback: media_playback(playback) });
            }
        }
        None
    }

    /// The next thing that the engine reports and the switchboard wants to know.
    pub(crate) fn poll_event(&mut self) -> Option<MediaEvent> {
        while let Some(event) = self.engine.poll_event() {
            if let Some(event) = media_event(event) {
                return Some(event);
            }
        }
        None
    }

    /// What the workers did, and how often they came late.
    pub(crate) fn stats(&self) -> EngineStats {
        self.engine.stats()
    }

    fn open_leg(&mut self, leg: LegId) -> MediaEvent {
        match self.engine.open_leg(media_leg(leg)) {
            Ok(port) => MediaEvent::Opened { leg, port },
            Err(_) => MediaEvent::Refused { leg },
        }
    }

    /// A prompt of which nothing can be played is over at once, so that nobody waits for its end.
    fn play(
        &mut self,
        playback: PlaybackId,
        to: Listener,
        names: &[String],
        repeat: bool,
    ) -> Option<MediaEvent> {
        let room = match to {
            Listener::Room(room) => Some(room),
            Listener::Leg(leg) => self.rooms.get(&leg).copied(),
        };
        let rate = room.and_then(|room| self.rates.get(&room)).copied();
        let sounds: Vec<_> = names.iter().filter_map(|name| self.library.find(name, rate?)).collect();
        if sounds.is_empty() {
            return Some(MediaEvent::PlaybackDone { playback });
        }
        let to = match to {
            Listener::Leg(leg) => confab_media::Listener::Leg(media_leg(leg)),
            Listener::Room(room) => confab_media::Listener::Room(media_room(room)),
        };
        let playback = media_playback(playback);
        self.order(Command::Play { playback, to, sounds, repeat, gain_db: 0.0 });
        None
    }

    fn order(&mut self, command: Command) {
        match self.engine.command(command) {
            // A leg may end on its own while an order for it is under way.
            Ok(()) | Err(CommandError::UnknownLeg(_) | CommandError::UnknownRoom(_)) => {}
            Err(error) => tracing::error!("audio: {error}"),
        }
    }

    fn stream_config(&self, stream: &Stream, signalling: Option<IpAddr>) -> StreamConfig {
        StreamConfig {
            remote: stream.remote,
            remote_rtcp: stream.remote_rtcp,
            law: match stream.encoding {
                Encoding::Pcmu => Law::Mu,
                Encoding::Pcma => Law::A,
            },
            send_payload_type: stream.send_payload_type,
            receive_payload_type: stream.receive_payload_type,
            event_payload_type: stream.events.map(|events| events.receive_payload_type),
            comfort_noise: stream.comfort_noise,
            ptime_ms: stream.ptime_ms,
            send: stream.direction.sends(),
            receive: stream.direction.receives(),
            rtcp_mux: stream.rtcp_mux,
            cname: self.cname.clone(),
            signalling_source: signalling,
        }
    }
}

fn media_leg(leg: LegId) -> confab_media::LegId {
    confab_media::LegId(leg.0)
}

fn media_room(room: RoomId) -> confab_media::RoomId {
    confab_media::RoomId(room.0)
}

fn media_playback(playback: PlaybackId) -> confab_media::PlaybackId {
    confab_media::PlaybackId(playback.0)
}

fn media_control(control: Control) -> confab_mixer::Control {
    match control {
        Control::Speak(on) => confab_mixer::Control::Speak(on),
        Control::Hear(None) => confab_mixer::Control::Hear(Hear::Nothing),
        Control::Hear(Some(db)) => confab_mixer::Control::Hear(Hear::Room { gain_db: f32::from(db) }),
        Control::TalkVolume(step) => confab_mixer::Control::TalkGain(step),
        Control::ListenVolume(step) => confab_mixer::Control::ListenGain(step),
        Control::Energy(level) => confab_mixer::Control::Energy(level),
    }
}

fn media_event(event: Event) -> Option<MediaEvent> {
    let leg = |leg: confab_media::LegId| LegId(leg.0);
    Some(match event {
        Event::Digit { leg: id, digit } => MediaEvent::Digit { leg: leg(id), digit },
        Event::TalkStarted { leg: id } => MediaEvent::Talking { leg: leg(id), on: true },
        Event::TalkStopped { leg: id } => MediaEvent::Talking { leg: leg(id), on: false },
        Event::PlaybackDone { playback } => MediaEvent::PlaybackDone { playback: PlaybackId(playback.0) },
        Event::RoomFailed { room } => MediaEvent::RoomFailed { room: RoomId(room.0) },
        Event::LegSilent { leg: id, for_ms } => MediaEvent::Silent { leg: leg(id), for_ms },
        Event::LegStats { leg: id, stats } => {
            tracing::debug!("leg {} {stats:?}", id.0);
            return None;
        }
    })
}
