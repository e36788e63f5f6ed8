//! Carries out the switchboard's orders to the audio engine: ids, codecs and sound names become what the engine knows.

use std::net::IpAddr;
use std::time::Instant;

use confab_conference::{Control, EchoPolicy, LegId, Listener, PlaybackId, Profile, Rate, RoomId};
use confab_media::{
    Command, CommandError, DigitSource, Engine, EngineStats, Event, RecorderStats, Refusal, RoomPlan,
    RoomRate, StreamConfig,
};
use confab_mixer::{EchoAction, Hear, LoudGuard};
use confab_sdp::Stream;
use confab_switchboard::{LineQuality, MediaCommand, MediaEvent, Shortage};

use crate::codecs::codec;
use crate::lateness::Lateness;
use crate::recording::{self, Recordings};
use crate::sounds::{Library, Loaded, Ready, Request};

/// The engine and the sounds.
pub(crate) struct Audio {
    engine: Engine,
    /// Behind the engine: what that still has to write is written when both are dropped.
    recordings: Recordings,
    library: Library,
    cname: String,
    lateness: Lateness,
}

impl Audio {
    pub(crate) fn new(engine: Engine, recordings: Recordings, library: Library, cname: String) -> Self {
        Self { engine, recordings, library, cname, lateness: Lateness::default() }
    }

    /// Does as told. Some orders are answered at once by an event for the switchboard.
    pub(crate) fn perform(&mut self, command: MediaCommand) -> Option<MediaEvent> {
        match command {
            MediaCommand::OpenLeg { leg, room } => return Some(self.open_leg(leg, room)),
            MediaCommand::StartLeg { leg, room, stream, signalling, profile } => {
                let on = stream.on_hold();
                let stream = self.stream_config(&stream, signalling, &profile);
                self.order(Command::StartLeg { leg: media_leg(leg), room: media_room(room), stream });
                self.order(Command::Hold { leg: media_leg(leg), on });
            }
            MediaCommand::MoveLeg { leg, room, stream, signalling, profile } => {
                let on = stream.on_hold();
                let stream = self.stream_config(&stream, signalling, &profile);
                self.order(Command::MoveLeg { leg: media_leg(leg), room: media_room(room), stream });
                self.order(Command::Hold { leg: media_leg(leg), on });
            }
            MediaCommand::UpdateLeg { leg, stream, signalling, profile } => {
                let on = stream.on_hold();
                let stream = self.stream_config(&stream, signalling, &profile);
                self.order(Command::UpdateStream { leg: media_leg(leg), stream });
                self.order(Command::Hold { leg: media_leg(leg), on });
            }
            MediaCommand::StopLeg { leg } => {
                self.recordings.forget(leg);
                self.order(Command::StopLeg { leg: media_leg(leg) });
            }
            MediaCommand::OpenRoom { room, profile, denoise, near } => {
                let (room, near) = (media_room(room), near.map(media_room));
                self.order(Command::OpenRoom { room, plan: room_plan(&profile, denoise), near });
            }
            MediaCommand::CloseRoom { room } => self.order(Command::CloseRoom { room: media_room(room) }),
            MediaCommand::Set { leg, control } => {
                self.order(Command::Set { leg: media_leg(leg), control: media_control(control) });
            }
            MediaCommand::Play { playback, to, sounds: names, repeat, duck_db, language } => {
                let request = Request { playback, to, names, language, repeat, duck_db };
                return self.library.play(request).and_then(|ready| self.start(ready));
            }
            MediaCommand::SendDigit { leg, digit } => {
                self.order(Command::SendDigit { leg: media_leg(leg), digit });
            }
            MediaCommand::Stop { playback } => {
                self.library.cancel(playback);
                self.order(Command::Stop { playback: media_playback(playback) });
            }
            MediaCommand::Record { recording, room, plan, variables } => {
                return self.recordings.record(&mut self.engine, recording, room, &plan, &variables);
            }
            MediaCommand::PauseRecording { recording, on } => self.order(recording::pause(recording, on)),
            MediaCommand::StopRecording { recording } => self.order(recording::stop(recording)),
            MediaCommand::Mark { recording, mark } => self.order(recording::mark(recording, mark)),
            MediaCommand::RecordName { leg, clip, max } => {
                return self.recordings.record_name(&mut self.engine, leg, clip, max);
            }
            MediaCommand::StopRecordingName { leg } => {
                self.order(Command::StopRecordingName { leg: media_leg(leg) });
            }
            MediaCommand::ForgetClip { clip } => self.library.forget_clip(clip),
        }
        None
    }

    /// Wakes the workers that have orders. Once for all orders of a message: a worker comes before whoever wakes it.
    pub(crate) fn flush(&mut self) {
        self.engine.flush();
    }

    /// A sound was loaded; playbacks that waited for it begin. Those of which nothing can be played are over.
    pub(crate) fn loaded(&mut self, loaded: Loaded) -> Vec<MediaEvent> {
        let ready = self.library.loaded(loaded);
        ready.into_iter().filter_map(|ready| self.start(ready)).collect()
    }

    /// The next thing that the engine reports and the switchboard wants to know.
    pub(crate) fn poll_event(&mut self) -> Option<MediaEvent> {
        while let Some(event) = self.engine.poll_event() {
            let event = match event {
                Event::NameRecorded { leg } => self.keep_name(LegId(leg.0)),
                event => media_event(event),
            };
            if event.is_some() {
                return event;
            }
        }
        self.recordings.poll_event()
    }

    /// When [`Audio::measure`] wants to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.engine.poll_timeout()
    }

    /// Looks at how hard the workers work, and writes into the log what they leave out and when they were late.
    pub(crate) fn measure(&mut self, now: Instant) {
        for shift in self.engine.measure(now) {
            tracing::warn!("{shift}");
        }
        self.lateness.look(now, self.engine.stats());
    }

    /// What was recorded, and what could not be.
    pub(crate) fn recorder_stats(&self) -> RecorderStats {
        self.recordings.stats()
    }

    /// What the workers did, and how often they came late.
    pub(crate) fn stats(&self) -> EngineStats {
        self.engine.stats()
    }

    /// A leg has said its name, which can be played from now on.
    fn keep_name(&mut self, leg: LegId) -> Option<MediaEvent> {
        let (clip, sound) = self.recordings.take_name(&mut self.engine, leg)?;
        let length = recording::length(&sound);
        self.library.keep_clip(clip, sound.rate, sound.samples.into());
        Some(MediaEvent::NameRecorded { leg, clip, length })
    }

    fn open_leg(&mut self, leg: LegId, room: Option<RoomId>) -> MediaEvent {
        let shortage = match self.engine.open_leg(media_leg(leg), room.map(media_room)) {
            Ok(port) => return MediaEvent::Opened { leg, port },
            Err(Refusal::Ports) => Shortage::Ports,
            Err(Refusal::Room) => Shortage::Room,
            Err(Refusal::Workers) => Shortage::Machine,
        };
        MediaEvent::Refused { leg, shortage }
    }

    /// A prompt of which nothing can be played is over at once, so that nobody waits for its end.
    fn start(&mut self, ready: Ready) -> Option<MediaEvent> {
        let Ready { request: Request { playback, to, repeat, duck_db, .. }, sounds } = ready;
        if sounds.is_empty() {
            return Some(MediaEvent::PlaybackDone { playback });
        }
        let to = match to {
            Listener::Leg(leg) => confab_media::Listener::Leg(media_leg(leg)),
            Listener::Room(room) => confab_media::Listener::Room(media_room(room)),
        };
        let playback = media_playback(playback);
        let duck_db = f32::from(duck_db);
        self.order(Command::Play { playback, to, sounds, repeat, gain_db: 0.0, duck_db });
        None
    }

    fn order(&mut self, command: Command) {
        match self.engine.command(command) {
            // A leg may end on its own while an order for it is under way.
            Ok(()) | Err(CommandError::UnknownLeg(_) | CommandError::UnknownRoom(_)) => {}
            // So may a recording, with its room.
            Err(CommandError::UnknownRecording(_)) => {}
            Err(error) => tracing::error!("audio: {error}"),
        }
    }

    fn stream_config(&self, stream: &Stream, signalling: Option<IpAddr>, profile: &Profile) -> StreamConfig {
        let line = &profile.line;
        StreamConfig {
            remote: stream.remote,
            remote_rtcp: stream.remote_rtcp,
            codec: codec(stream, line),
            send_payload_type: stream.send_payload_type,
            receive_payload_type: stream.receive_payload_type,
            event_payload_type: stream.events.map(|events| events.receive_payload_type),
            send_event_payload_type: stream.events.map(|events| events.send_payload_type),
            event_clock_rate: stream.events.map_or(8000, |events| events.clock_rate),
            comfort_noise: stream.comfort_noise,
            send_comfort_noise: stream.comfort_noise.filter(|_| line.send_comfort_noise),
            ptime_ms: stream.ptime_ms,
            jitter_max_ms: line.jitter_max_ms,
            receives_fec: line.opus.fec,
            send: stream.direction.sends(),
            receive: stream.direction.receives(),
            rtcp_mux: stream.rtcp_mux,
            xr: stream.rtcp_xr,
            audio_level_ext: stream.audio_level,
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

/// How a room of this profile mixes.
fn room_plan(profile: &Profile, denoise: bool) -> RoomPlan {
    RoomPlan {
        rate: match profile.rate {
            Rate::Fixed(rate) => RoomRate::Fixed(rate),
            Rate::Auto => RoomRate::Auto,
        },
        interval_ms: profile.interval_ms,
        comfort_noise: profile.comfort_noise,
        max_talkers: profile.max_talkers,
        denoise,
        echo: profile.echo != EchoPolicy::Ignore,
    }
}

fn media_control(control: Control) -> confab_mixer::Control {
    match control {
        Control::Speak(on) => confab_mixer::Control::Speak(on),
        Control::Hear(None) => confab_mixer::Control::Hear(Hear::Nothing),
        Control::Hear(Some(db)) => confab_mixer::Control::Hear(Hear::Room { gain_db: f32::from(db) }),
        Control::TalkVolume(step) => confab_mixer::Control::TalkGain(step),
        Control::ListenVolume(step) => confab_mixer::Control::ListenGain(step),
        Control::Energy(level) => confab_mixer::Control::Energy(level),
        Control::AutoEnergy(on) => confab_mixer::Control::AutoEnergy(on),
        Control::Agc(level) => confab_mixer::Control::Agc(level),
        Control::Denoise(on) => confab_mixer::Control::Denoise(on),
        Control::LoudGuard(guard) => confab_mixer::Control::LoudGuard(guard.map(|guard| LoudGuard {
            level: guard.level,
            hits: guard.hits,
            mute_ms: guard.mute_ms,
        })),
        Control::InbandDigits(on) => confab_mixer::Control::InbandDigits(on),
        Control::Announcements(on) => confab_mixer::Control::Announcements(on),
        Control::AudioAlways(on) => confab_mixer::Control::AudioAlways(on),
        Control::MuteDetect(on) => confab_mixer::Control::MuteDetect(on),
        Control::Floor(on) => confab_mixer::Control::Floor(on),
        Control::Echo(policy) => confab_mixer::Control::Echo(match policy {
            EchoPolicy::Ignore => EchoAction::Ignore,
            EchoPolicy::Tell => EchoAction::Tell,
            EchoPolicy::Duck => EchoAction::Duck,
            EchoPolicy::Mute => EchoAction::Mute,
        }),
    }
}

fn media_event(event: Event) -> Option<MediaEvent> {
    match event {
        Event::Audio(event) => audio_event(event),
        Event::RoomFailed { room } => Some(MediaEvent::RoomFailed { room: RoomId(room.0) }),
        Event::NameRecorded { .. } => None,
    }
}

fn audio_event(event: confab_media::AudioEvent) -> Option<MediaEvent> {
    use confab_media::AudioEvent as Event;
    let leg = |leg: confab_media::LegId| LegId(leg.0);
    Some(match event {
        Event::Digit { leg: id, digit, source } => {
            MediaEvent::Digit { leg: leg(id), digit, inband: source == DigitSource::Inband }
        }
        Event::TalkStarted { leg: id } => MediaEvent::Talking { leg: leg(id), on: true },
        Event::TalkStopped { leg: id } => MediaEvent::Talking { leg: leg(id), on: false },
        Event::MutedTalk { leg: id } => MediaEvent::MutedTalk { leg: leg(id) },
        Event::Floor { leg: id, on } => MediaEvent::Floor { leg: leg(id), on },
        Event::Echo { leg: id, on, delay_ms, loss_db } => {
            MediaEvent::Echo { leg: leg(id), on, delay_ms, loss_db }
        }
        Event::Level { .. } => return None, // nobody here asks for them
        Event::TooLoud { leg: id } => MediaEvent::TooLoud { leg: leg(id) },
        Event::PlaybackDone { playback } => MediaEvent::PlaybackDone { playback: PlaybackId(playback.0) },
        Event::LegSilent { leg: id, for_ms } => MediaEvent::Silent { leg: leg(id), for_ms },
        Event::LegQuality { leg: id, quality, verdict } => {
            MediaEvent::Quality { leg: leg(id), line: Box::new(LineQuality { quality, verdict }) }
        }
        Event::LegStats { leg: id, stats, quality } => {
            tracing::debug!("leg {} {stats:?}", id.0);
            MediaEvent::LineOver { leg: leg(id), quality: Box::new(quality) }
        }
    })
}
