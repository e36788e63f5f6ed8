//! One call as the agent sees it: its session description, its audio, and what is known of it.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;
use confab_sdp::{Direction, Local, OpusParameters, SdpError, Session, Stream};
use confab_sip::End;
use tokio::sync::watch;

use super::Change;
use crate::call::{CallState, Ended, Hold, Notice, Reply, Stage};
use crate::config::PhoneConfig;
use crate::error::PhoneError;
use crate::media::Leg;

/// A call, from its INVITE to its end.
pub(super) struct Line {
    session: Session,
    leg: Leg,
    state: watch::Sender<CallState>,
    /// The offer of an incoming call that is not answered yet.
    offer: Option<Bytes>,
    /// Who waits for the answer to our re-INVITE.
    reoffering: Option<Reply<()>>,
    /// Who waits for the answers to requests of other methods, in their order.
    asking: VecDeque<Reply<u16>>,
}

impl Line {
    /// An outgoing call: its audio socket is open, so that the offer can name it.
    pub(super) fn open(now: Instant, config: &PhoneConfig) -> Result<Self, PhoneError> {
        let leg = Leg::open(config)?;
        let opus = &config.opus;
        let local = Local {
            encodings: config.codecs.clone(),
            opus: OpusParameters { in_band_fec: opus.fec, dtx: opus.dtx, ..OpusParameters::default() },
            ptime_ms: config.ptime_ms,
            telephone_event: config.keys.by_event(),
            comfort_noise: config.comfort_noise,
            rtcp_xr: config.rtcp_xr,
            ..Local::new(leg.local().ip(), leg.local().port())
        };
        let session = Session::new(local, u64::from(rand::random::<u32>()));
        let state = watch::Sender::new(CallState::new(now));
        Ok(Self { session, leg, state, offer: None, reoffering: None, asking: VecDeque::new() })
    }

    /// An incoming call with its offer, if it has one.
    pub(super) fn offered(
        now: Instant,
        config: &PhoneConfig,
        offer: Option<Bytes>,
    ) -> Result<Self, PhoneError> {
        Ok(Self { offer, ..Self::open(now, config)? })
    }

    /// The offer of an outgoing call.
    pub(super) fn offer(&mut self) -> Bytes {
        self.session.offer()
    }

    /// The body of our 200: the answer, or our offer when the caller made none.
    pub(super) fn answer(&mut self, now: Instant) -> Result<Bytes, PhoneError> {
        let sdp = match self.offer.take() {
            Some(offer) => self.answer_to(&offer)?,
            None => self.session.offer(),
        };
        self.reached(Stage::Answered, |state| state.answered = Some(now));
        Ok(sdp)
    }

    /// The body of a re-INVITE that changes this.
    pub(super) fn prepare(&mut self, change: Change) -> Result<Bytes, PhoneError> {
        match change {
            Change::Hold(hold) => return Ok(self.hold(hold)),
            Change::Codecs(codecs) => self.session.set_encodings(codecs),
            Change::Ptime(ms) => {
                self.leg.set_ptime(ms);
                self.session.set_ptime(ms);
            }
            Change::Ports => self.session.set_port(self.leg.take_other_ports()?.port()),
        }
        Ok(self.session.offer())
    }

    /// A re-INVITE is sent; `reply` hears how it ended.
    pub(super) fn reoffers(&mut self, reply: Reply<()>) {
        self.reoffering = Some(reply);
    }

    /// A request of another method is sent; `reply` hears its final status.
    pub(super) fn asks(&mut self, reply: Reply<u16>) {
        self.asking.push_back(reply);
    }

    /// The answer to the oldest such request, or its absence.
    pub(super) fn on_replied(&mut self, status: Option<u16>) {
        if let Some(reply) = self.asking.pop_front() {
            let nothing = PhoneError::Refused { what: "the request", status: None };
            let _ = reply.send(status.ok_or(nothing));
        }
    }

    pub(super) fn on_notify(&self, notice: Notice) {
        self.state.send_modify(|state| state.notices.push(notice));
    }

    fn hold(&mut self, hold: Option<Hold>) -> Bytes {
        self.session.set_direction(match hold {
            None => Direction::SendRecv,
            Some(Hold::SendOnly) => Direction::SendOnly,
            Some(Hold::Inactive | Hold::ZeroAddress) => Direction::Inactive,
        });
        let sdp = self.session.offer();
        if hold == Some(Hold::ZeroAddress) { without_address(&sdp) } else { sdp }
    }

    /// We have sent 180.
    pub(super) fn rings(&self) {
        self.reached(Stage::Ringing, |_| {});
    }

    /// The user's view of the state.
    pub(super) fn watch(&self) -> watch::Receiver<CallState> {
        self.state.subscribe()
    }

    /// The audio.
    pub(super) fn leg(&self) -> Leg {
        self.leg.clone()
    }

    fn answer_to(&mut self, offer: &[u8]) -> Result<Bytes, SdpError> {
        let (answer, stream) = self.session.answer(offer)?;
        self.runs(stream);
        Ok(answer)
    }

    fn runs(&self, stream: Stream) {
        self.leg.run(stream.clone());
        self.state.send_modify(|state| state.stream = Some(stream));
    }

    /// Stages only rise: a late 180 does not undo an answer.
    fn reached(&self, stage: Stage, note: impl FnOnce(&mut CallState)) {
        self.state.send_modify(|state| {
            state.stage = state.stage.max(stage);
            note(state);
        });
    }

    fn settle(&mut self, outcome: Result<(), PhoneError>) {
        if let Some(reply) = self.reoffering.take() {
            let _ = reply.send(outcome);
        }
    }
}

/// What the endpoint tells of this call.
impl Line {
    pub(super) fn on_progress(&self, now: Instant, status: u16) {
        self.reached(Stage::Ringing, |state| state.provisionals.push((now, status)));
    }

    /// Our call was answered; an error means that the answer is of no use.
    pub(super) fn on_answered(&mut self, now: Instant, sdp: Option<Bytes>) -> Result<(), SdpError> {
        let stream = self.session.accept_answer(sdp.as_deref().unwrap_or_default())?;
        self.runs(stream);
        self.reached(Stage::Answered, |state| state.answered = Some(now));
        Ok(())
    }

    pub(super) fn on_confirmed(&mut self, now: Instant, sdp: Option<Bytes>) {
        self.state.send_modify(|state| state.confirmed = Some(now));
        self.take_answer(sdp);
    }

    /// The peer's re-offer; returns our answer, or our offer when it wants one.
    pub(super) fn on_offer(&mut self, sdp: Option<Bytes>) -> Result<Bytes, SdpError> {
        self.state.send_modify(|state| state.reoffers += 1);
        match sdp {
            Some(offer) => self.answer_to(&offer),
            None => Ok(self.session.offer()),
        }
    }

    pub(super) fn on_offer_answered(&mut self, sdp: Option<Bytes>) {
        self.take_answer(sdp);
        self.settle(Ok(()));
    }

    pub(super) fn on_offer_refused(&mut self, status: u16) {
        self.settle(Err(PhoneError::Refused { what: "the re-INVITE", status: Some(status) }));
    }

    pub(super) fn on_info(&self, content_type: String, body: Bytes) {
        self.state.send_modify(|state| state.infos.push((content_type, body)));
    }

    pub(super) fn on_ended(mut self, now: Instant, end: End) {
        self.settle(Err(PhoneError::Ended));
        self.leg.stop();
        let ended = Ended { at: now, status: end.status, by: end.by, reason: end.reason };
        self.reached(Stage::Ended, |state| state.ended = Some(ended));
    }

    fn take_answer(&mut self, sdp: Option<Bytes>) {
        let Some(sdp) = sdp else { return };
        match self.session.accept_answer(&sdp) {
            Ok(stream) => self.runs(stream),
            Err(error) => tracing::warn!(%error, "the peer's answer is of no use"),
        }
    }
}

/// Hold as RFC 2543 had it: the connection address is zero, and no direction attribute says so too.
fn without_address(sdp: &[u8]) -> Bytes {
    let text = String::from_utf8_lossy(sdp);
    let lines = text.lines().filter(|line| *line != "a=inactive");
    lines
        .map(
            |line| if line.starts_with("c=") { "c=IN IP4 0.0.0.0\r\n".into() } else { format!("{line}\r\n") },
        )
        .collect::<String>()
        .into()
}
