//! The conference side: what the rooms want done with legs and audio, and what the audio engine reports.

use std::net::IpAddr;
use std::time::Instant;

use confab_conference::{
    Action, CallerId, Control, DialTarget, InbandDtmf, Input, LegId, Outcome, Profile, Release, RoomId,
};
use confab_sdp::Session;
use confab_sip::{Cause, Identity, Outgoing, Refusal, Target};
use rand::RngCore;

use crate::leg::{Leg, Stage};
use crate::local::before_the_answer;
use crate::{MediaCommand, MediaEvent, Notice, Shortage, Switchboard, digits};

impl Switchboard {
    pub(crate) fn on_conference(&mut self, now: Instant, action: Action) {
        match action {
            Action::Ring { leg } => self.with_call(leg, |endpoint, call| endpoint.ring(now, call)),
            Action::Answer { leg } => self.answer(now, leg),
            Action::Reject { leg, status } => self.refuse(now, leg, Refusal::new(status)),
            Action::Hangup { leg, cause } => {
                self.end_leg(now, leg, Cause { q850: cause.q850(), text: cause.text() });
            }
            Action::LookUp { leg, lookup, caller, dialled } => {
                self.actions.push_back(crate::Action::LookUp { leg, lookup, caller, dialled });
            }
            Action::Dial { leg, target, caller } => self.dial(leg, target, caller),
            Action::Attach { leg, room } => {
                if let Some(leg) = self.legs.find_mut(leg) {
                    leg.room = Some(room);
                }
                self.start_audio(leg);
            }
            Action::Move { leg, room } => self.move_audio(leg, room),
            Action::OpenRoom { room, profile, denoise, near, .. } => {
                self.command(MediaCommand::OpenRoom { room, profile, denoise, near });
            }
            Action::CloseRoom { room } => self.command(MediaCommand::CloseRoom { room }),
            Action::Set { leg, control } => self.command(MediaCommand::Set { leg, control }),
            Action::Play { playback, to, sounds, repeat, duck_db, language } => {
                self.command(MediaCommand::Play { playback, to, sounds, repeat, duck_db, language });
            }
            Action::ReferResult { refer, status } => self.on_refer_result(now, refer, status),
            Action::SendDigit { leg, digit } => self.command(MediaCommand::SendDigit { leg, digit }),
            Action::Stop { playback } => self.command(MediaCommand::Stop { playback }),
            Action::Record { recording, room, plan, variables } => {
                self.command(MediaCommand::Record { recording, room, plan, variables });
            }
            Action::PauseRecording { recording, on } => {
                self.command(MediaCommand::PauseRecording { recording, on });
            }
            Action::StopRecording { recording } => self.command(MediaCommand::StopRecording { recording }),
            Action::Mark { recording, mark } => self.command(MediaCommand::Mark { recording, mark }),
            Action::RecordName { leg, clip, max } => {
                self.command(MediaCommand::RecordName { leg, clip, max });
            }
            Action::StopRecordingName { leg } => self.command(MediaCommand::StopRecordingName { leg }),
            Action::ForgetClip { clip } => self.command(MediaCommand::ForgetClip { clip }),
        }
    }

    pub(crate) fn on_media(&mut self, now: Instant, event: MediaEvent) {
        match event {
            MediaEvent::Opened { leg, port } => self.on_opened(now, leg, port),
            MediaEvent::Refused { leg, shortage } => self.on_shortage(now, leg, shortage),
            MediaEvent::Digit { leg, digit, inband: false } => {
                self.digit(now, leg, digits::Source::Event, digit);
            }
            MediaEvent::Digit { leg, digit, inband: true } => {
                self.digit(now, leg, digits::Source::InBand, digit);
            }
            MediaEvent::Talking { leg, on } => self.tell(now, Input::Talking { leg, on }),
            MediaEvent::PlaybackDone { playback } => self.tell(now, Input::PlaybackDone { playback }),
            MediaEvent::RoomFailed { room } => self.tell(now, Input::RoomFailed { room }),
            MediaEvent::MutedTalk { leg } => self.tell(now, Input::MutedTalk { leg }),
            MediaEvent::Floor { leg, on } => self.tell(now, Input::Floor { leg, on }),
            MediaEvent::Echo { leg, on, delay_ms, loss_db } => {
                self.tell(now, Input::Echo { leg, on, delay_ms, loss_db });
            }
            MediaEvent::TooLoud { leg } => self.tell(now, Input::TooLoud { leg }),
            MediaEvent::RecordingStarted { recording, path } => {
                self.tell(now, Input::RecordingStarted { recording, path });
            }
            MediaEvent::RecordingStopped { recording, error } => {
                self.tell(now, Input::RecordingStopped { recording, error });
            }
            MediaEvent::RecordingGap { recording, lost } => {
                self.tell(now, Input::RecordingGap { recording, lost });
            }
            MediaEvent::NameRecorded { leg, clip, length } => {
                self.tell(now, Input::NameRecorded { leg, clip, length });
            }
            MediaEvent::Silent { leg, for_ms } => self.on_silent(now, leg, for_ms),
            MediaEvent::Quality { leg, line } => self.on_quality(now, leg, line),
            MediaEvent::LineOver { leg, quality } => self.on_line_over(leg, *quality),
        }
    }

    fn with_call(&mut self, leg: LegId, act: impl FnOnce(&mut confab_sip::Endpoint, confab_sip::CallRef)) {
        if let Some(call) = self.legs.find_mut(leg).and_then(|leg| leg.call) {
            act(&mut self.endpoint, call);
        }
    }

    fn dial(&mut self, leg: LegId, target: DialTarget, caller: CallerId) {
        self.legs.add(leg, Leg::dialling(target, caller));
        let room = self.conferences.room_of_leg(leg);
        self.command(MediaCommand::OpenLeg { leg, room });
    }

    fn on_opened(&mut self, now: Instant, id: LegId, port: u16) {
        let Some(leg) = self.legs.open(id, port) else { return };
        match std::mem::replace(&mut leg.stage, Stage::Ringing { answer: None }) {
            Stage::Arriving(arrival) => self.on_arrival(now, id, port, *arrival),
            Stage::Dialling(dialling) => self.place(now, id, port, dialling.target, dialling.caller),
            other => leg.stage = other,
        }
    }

    fn on_shortage(&mut self, now: Instant, id: LegId, shortage: Shortage) {
        let Some(leg) = self.legs.find_mut(id) else { return };
        let (who, outbound) = (leg.who().into(), leg.outbound);
        if outbound {
            self.legs.remove(id);
            self.unreachable(now, id, Release::default());
        } else {
            self.refuse_for_shortage(now, id, shortage);
        }
        self.notice(match shortage {
            Shortage::Ports => Notice::PortsExhausted,
            Shortage::Room | Shortage::Machine => {
                Notice::NoTime { who, room_only: shortage == Shortage::Room }
            }
        });
    }

    /// Sends the INVITE of a leg whose ports are reserved.
    fn place(&mut self, now: Instant, id: LegId, port: u16, target: DialTarget, caller: CallerId) {
        let target = sip_target(target);
        let profile = self.conferences.profile_of_leg(id).unwrap_or_default();
        let mut session = self.new_session(port, self.endpoint.way_to(&target), &profile);
        let sdp = session.offer();
        let contact_user = Some(caller.number.clone());
        let from = Identity { display: caller.name, user: caller.number };
        let outgoing = Outgoing { target, from, contact_user, replaces: None, sdp };
        match self.endpoint.place(now, outgoing) {
            Ok(call) => {
                self.legs.bind(id, call);
                if let Some(leg) = self.legs.find_mut(id) {
                    leg.session = Some(session);
                }
            }
            Err(error) => {
                self.legs.remove(id);
                self.command(MediaCommand::StopLeg { leg: id });
                self.notice(Notice::NotPlaced { leg: id, error });
                self.unreachable(now, id, Release::default());
            }
        }
    }

    /// There is no way to whom this leg calls. It is gone.
    pub(crate) fn unreachable(&mut self, now: Instant, leg: LegId, release: Release) {
        self.tell(now, Input::Failed { leg, outcome: Outcome::Unreachable, release });
    }

    /// 200 to a caller: with the answer to his offer, or with an offer of ours when he made none.
    fn answer(&mut self, now: Instant, id: LegId) {
        let Some(leg) = self.legs.find_mut(id) else { return };
        let Stage::Ringing { answer } = &mut leg.stage else { return };
        let (Some(call), Some(session)) = (leg.call, leg.session.as_mut()) else { return };
        let sdp = answer.take().unwrap_or_else(|| session.offer());
        leg.stage = Stage::Answered;
        self.endpoint.answer(now, call, sdp);
        self.start_audio(id);
    }

    /// Audio flows from the moment that a leg has both an answer and a room. A caller who made no offer is sent
    /// nothing before his ACK tells where to (RFC 3264 §4), but his place in the room is his from now on.
    pub(crate) fn start_audio(&mut self, id: LegId) {
        let Some(leg) = self.legs.find_mut(id) else { return };
        let Some(room) = leg.room.filter(|_| leg.is_answered() && !leg.flowing) else { return };
        let (stream, signalling) = (leg.stream().cloned(), leg.signalling);
        leg.flowing = true;
        if let Some((who, room)) = self.conferences.name_of_leg(id) {
            leg.name = format!("room {room}: {who}").into();
        }
        let profile = self.conferences.profile_of_leg(id).unwrap_or_default();
        let stream = stream.unwrap_or_else(|| before_the_answer(&profile));
        self.command(MediaCommand::StartLeg { leg: id, room, stream, signalling, profile });
        self.listen_for_keys(id);
    }

    /// A leg goes on in another room; who has no audio yet, starts there.
    fn move_audio(&mut self, id: LegId, room: RoomId) {
        let Some(leg) = self.legs.find_mut(id) else { return };
        leg.room = Some(room);
        if !leg.flowing {
            return self.start_audio(id);
        }
        leg.hears_keys = false;
        let (stream, signalling) = (leg.stream().cloned(), leg.signalling);
        if let Some((who, room)) = self.conferences.name_of_leg(id) {
            leg.name = format!("room {room}: {who}").into();
        }
        let profile = self.conferences.profile_of_leg(id).unwrap_or_default();
        let stream = stream.unwrap_or_else(|| before_the_answer(&profile));
        self.command(MediaCommand::MoveLeg { leg: id, room, stream, signalling, profile });
        self.listen_for_keys(id);
    }

    /// Whether keys are listened for in a leg's audio: also while he types a PIN, so before he is a member.
    pub(crate) fn listen_for_keys(&mut self, id: LegId) {
        let Some(profile) = self.conferences.profile_of_leg(id) else { return };
        let Some(leg) = self.legs.find_mut(id) else { return };
        let on = match profile.line.inband_dtmf {
            InbandDtmf::Always => true,
            InbandDtmf::Never => false,
            InbandDtmf::Auto => leg.stream().is_some_and(|stream| stream.events.is_none()),
        };
        if std::mem::replace(&mut leg.hears_keys, on) != on {
            self.command(MediaCommand::Set { leg: id, control: Control::InbandDigits(on) });
        }
    }

    pub(crate) fn new_session(&mut self, port: u16, peer: Option<IpAddr>, profile: &Profile) -> Session {
        // RFC 4566 §5.2: a decimal number; 62 bits fit every parser's signed integer.
        self.audio.session(port, peer, profile, self.rng.next_u64() >> 2)
    }
}

fn sip_target(target: DialTarget) -> Target {
    match target {
        DialTarget::User(user) => Target::User(user),
        DialTarget::Gateway { gateway, number } => Target::Gateway { gateway, number },
    }
}
