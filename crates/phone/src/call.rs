//! One call as its user sees it.

mod incoming;
mod state;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use confab_sdp::Encoding;
use confab_sip::{CallRef, Cause, Method, Replaces, header};
use tokio::sync::{mpsc, oneshot, watch};

use crate::agent::{self, Change, Command};
use crate::config::Keys;
use crate::error::PhoneError;
use crate::heard::{Heard, StreamReport};
use crate::media::{Impairment, KeyTiming, Leg, Reception, Source, check_key};

pub use incoming::IncomingCall;
use state::wait_state;
pub use state::{CallState, Ended, Hold, Notice, Stage};

/// How often a waiting caller listens again.
const LISTEN_AGAIN: Duration = Duration::from_millis(20);

/// An outgoing call, or an incoming one that was answered. Dropping it does not hang up.
#[derive(Debug)]
pub struct Call {
    pub(crate) id: CallRef,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    pub(crate) state: watch::Receiver<CallState>,
    pub(crate) leg: Leg,
    pub(crate) keys: Keys,
}

impl Call {
    /// What is known of the call now.
    pub fn state(&self) -> CallState {
        self.state.borrow().clone()
    }

    /// Waits for the 200; returns when it came.
    ///
    /// # Errors
    /// `Refused` if the call fails first, `Timeout` if nothing happens.
    pub async fn wait_answered(&self, within: Duration) -> Result<Instant, PhoneError> {
        let state = self.wait("answer", within, |state| state.stage >= Stage::Answered).await?;
        let status = state.ended.and_then(|ended| ended.status);
        state.answered.ok_or(PhoneError::Refused { what: "the call", status })
    }

    /// Waits for an 18x; returns the first one.
    ///
    /// # Errors
    /// `Ended` if the call has none and ends, `Timeout` if nothing happens.
    pub async fn wait_ringing(&self, within: Duration) -> Result<(Instant, u16), PhoneError> {
        let done = |state: &CallState| !state.provisionals.is_empty() || state.stage == Stage::Ended;
        let state = self.wait("ringing", within, done).await?;
        state.provisionals.first().copied().ok_or(PhoneError::Ended)
    }

    /// Waits for the end of the call.
    ///
    /// # Errors
    /// `Timeout` if it goes on.
    pub async fn wait_ended(&self, within: Duration) -> Result<Ended, PhoneError> {
        let state = self.wait("end of the call", within, |state| state.ended.is_some()).await?;
        state.ended.ok_or(PhoneError::Ended)
    }

    /// Waits until the state is as `wanted`.
    ///
    /// # Errors
    /// `Timeout`, with `what` in its text.
    pub async fn wait(
        &self,
        what: &str,
        within: Duration,
        wanted: impl FnMut(&CallState) -> bool,
    ) -> Result<CallState, PhoneError> {
        wait_state(&self.state, what, within, wanted).await
    }

    /// Presses keys one after the other, each 100 ms long with 100 ms of pause; returns after the last.
    ///
    /// # Errors
    /// When a character is no key, the call has ended, or the peer takes no telephone-event.
    pub async fn press(&self, keys: &str) -> Result<(), PhoneError> {
        self.press_as(keys, self.keys, KeyTiming::default()).await
    }

    /// Presses keys by another way or in another time than the usual one.
    ///
    /// # Errors
    /// As [`press`](Self::press).
    pub async fn press_as(&self, keys: &str, by: Keys, timing: KeyTiming) -> Result<(), PhoneError> {
        keys.chars().try_for_each(check_key)?;
        for key in keys.chars() {
            if by.by_info() {
                self.send_info("application/dtmf-relay", dtmf_relay(key, timing));
            }
            match by {
                Keys::Info => self.pause(timing.on + timing.off).await?,
                Keys::Rfc4733 | Keys::Both => self.leg.press_event(key, timing).await?,
                Keys::InBand => self.leg.press_in_band(key, timing).await?,
            }
        }
        Ok(())
    }

    /// Puts the peer on hold by `a=sendonly`.
    ///
    /// # Errors
    /// When the peer refuses or the call has ended.
    pub async fn hold(&self) -> Result<(), PhoneError> {
        self.hold_by(Hold::SendOnly).await
    }

    /// Puts the peer on hold.
    ///
    /// # Errors
    /// When the peer refuses or the call has ended.
    pub async fn hold_by(&self, hold: Hold) -> Result<(), PhoneError> {
        self.reoffer(Change::Hold(Some(hold))).await
    }

    /// Takes the hold back.
    ///
    /// # Errors
    /// When the peer refuses or the call has ended.
    pub async fn resume(&self) -> Result<(), PhoneError> {
        self.reoffer(Change::Hold(None)).await
    }

    /// Goes over to other codecs by a re-INVITE that offers these, best first.
    ///
    /// # Errors
    /// When the peer refuses or the call has ended.
    pub async fn change_codecs(&self, codecs: impl Into<Vec<Encoding>>) -> Result<(), PhoneError> {
        self.reoffer(Change::Codecs(codecs.into())).await
    }

    /// Goes over to packets of `ptime_ms` by a re-INVITE, and asks for such.
    ///
    /// # Errors
    /// When the peer refuses or the call has ended.
    pub async fn change_ptime(&self, ptime_ms: u8) -> Result<(), PhoneError> {
        self.reoffer(Change::Ptime(ptime_ms)).await
    }

    /// Goes over to other ports for the audio by a re-INVITE.
    ///
    /// # Errors
    /// When there are none, the peer refuses or the call has ended.
    pub async fn change_ports(&self) -> Result<(), PhoneError> {
        self.reoffer(Change::Ports).await
    }

    /// Sends a datagram from our RTP port to the peer's, whatever it holds.
    pub fn send_rtp(&self, datagram: impl Into<Bytes>) {
        self.leg.send_rtp(datagram.into());
    }

    /// Sends a datagram from our RTCP port to the peer's, whatever it holds.
    pub fn send_rtcp(&self, datagram: impl Into<Bytes>) {
        self.leg.send_rtcp(datagram.into());
    }

    /// Sends `source` from now on.
    pub fn play(&self, source: Source) {
        self.leg.play(source);
    }

    /// Sends a tone of `hz` at `dbov`.
    pub fn play_tone(&self, hz: f32, dbov: f32) {
        self.play(Source::Tone { hz, dbov });
    }

    /// Sends a WAV file once, silence after it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn play_wav(&self, path: impl AsRef<Path>) -> Result<(), PhoneError> {
        self.play(Source::wav(path.as_ref())?);
        Ok(())
    }

    /// Sends silent packets.
    pub fn silence(&self) {
        self.play(Source::Silence);
    }

    /// Lets the RTP packets go through a bad network from now on; the default one is a good one.
    pub fn impair(&self, impairment: Impairment) {
        self.leg.impair(impairment);
    }

    /// Reports `reception` to the peer by RTCP, at once and in every report from now on.
    pub fn report_reception(&self, reception: Reception) {
        self.leg.report(reception);
    }

    /// Records what is heard into a WAV file from now on, until the call ends or `stop_recording`.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn record(&self, path: impl AsRef<Path>) -> Result<(), PhoneError> {
        self.leg.heard().record(path.as_ref())
    }

    /// Completes the recording.
    ///
    /// # Errors
    /// When the file could not be written.
    pub fn stop_recording(&self) -> Result<(), PhoneError> {
        self.leg.heard().stop_recording()
    }

    /// What is heard.
    pub fn heard(&self) -> &Heard {
        self.leg.heard()
    }

    /// The continuity of the received RTP since the start or the last `restart_report`.
    pub fn stream_report(&self) -> StreamReport {
        self.leg.heard().stream_report()
    }

    /// Counts the continuity anew from here.
    pub fn restart_report(&self) {
        self.leg.heard().restart_report();
    }

    /// Waits until the tone of `hz` is heard steadily; returns its level in dBov.
    ///
    /// # Errors
    /// `Timeout` if it is not, with what is heard instead.
    pub async fn wait_until_hears(&self, hz: f32, within: Duration) -> Result<f32, PhoneError> {
        let heard = || self.heard().hears(hz).then(|| self.heard().tone_level(hz, Heard::WINDOW));
        self.listen_for(&format!("tone of {hz} Hz"), within, heard).await
    }

    /// Waits until the tone of `hz` has been heard at one level for a while; returns it in dBov.
    ///
    /// # Errors
    /// `Timeout` if it is not heard, or its level goes on changing.
    pub async fn wait_until_steady(&self, hz: f32, within: Duration) -> Result<f32, PhoneError> {
        self.listen_for(&format!("steady tone of {hz} Hz"), within, || self.heard().steady_level(hz)).await
    }

    /// Waits until the tone of `hz` is gone.
    ///
    /// # Errors
    /// `Timeout` if it is heard all the time.
    pub async fn wait_until_silent_of(&self, hz: f32, within: Duration) -> Result<(), PhoneError> {
        let gone = || self.heard().silent_of(hz).then_some(());
        self.listen_for(&format!("end of the tone of {hz} Hz"), within, gone).await
    }

    /// Waits until exactly these keys have come as telephone-events since the start.
    ///
    /// # Errors
    /// `Timeout` if they do not come, or others do.
    pub async fn wait_until_keys(&self, keys: &str, within: Duration) -> Result<(), PhoneError> {
        let come = || (self.heard().keys() == keys).then_some(());
        self.listen_for(&format!("keys {keys}"), within, come).await
    }

    /// Ends the call by CANCEL or BYE; does not wait.
    pub fn hang_up(&self) {
        let _ = self.commands.send(Command::HangUp { call: self.id, cause: Cause::NORMAL_CLEARING });
    }

    /// Sends a SIP INFO.
    pub fn send_info(&self, content_type: &str, body: impl Into<Bytes>) {
        let content_type = content_type.into();
        let _ = self.commands.send(Command::Info { call: self.id, content_type, body: body.into() });
    }

    /// Asks the peer by REFER to call that address, or to do what its `method` says; the status of the answer. What
    /// becomes of it is told by [`CallState::notices`].
    ///
    /// # Errors
    /// When nothing comes or the call has ended.
    pub async fn refer(&self, target: &str) -> Result<u16, PhoneError> {
        self.request(Method::Refer, &[(header::REFER_TO, target)]).await
    }

    /// Subscribes to an event package of the peer's within the call; the status of the answer.
    ///
    /// # Errors
    /// When nothing comes or the call has ended.
    pub async fn subscribe(&self, package: &str) -> Result<u16, PhoneError> {
        self.request(Method::Subscribe, &[(header::EVENT, package)]).await
    }

    /// How another call of ours names this one in Replaces, to take its place at the peer's.
    ///
    /// # Errors
    /// When the call is not up.
    pub async fn replaces(&self) -> Result<Replaces, PhoneError> {
        let named = agent::ask(&self.commands, |reply| Command::Replaces { call: self.id, reply }).await?;
        named.ok_or(PhoneError::Ended)
    }

    /// Where this phone sends RTP.
    pub fn remote_media(&self) -> Option<SocketAddr> {
        self.state.borrow().stream.as_ref().and_then(|stream| stream.remote)
    }

    async fn request(&self, method: Method, headers: &[(&str, &str)]) -> Result<u16, PhoneError> {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        agent::ask(&self.commands, |reply| Command::Request { call: self.id, method, headers, reply }).await?
    }

    async fn reoffer(&self, change: Change) -> Result<(), PhoneError> {
        agent::ask(&self.commands, |reply| Command::Reoffer { call: self.id, change, reply }).await?
    }

    async fn pause(&self, time: Duration) -> Result<(), PhoneError> {
        tokio::time::sleep(time).await;
        if self.state.borrow().stage == Stage::Ended { Err(PhoneError::Ended) } else { Ok(()) }
    }

    async fn listen_for<T>(
        &self,
        what: &str,
        within: Duration,
        heard: impl Fn() -> Option<T>,
    ) -> Result<T, PhoneError> {
        let until = Instant::now() + within;
        loop {
            if let Some(found) = heard() {
                return Ok(found);
            }
            if Instant::now() >= until {
                let what = format!("{what} (heard: {})", self.heard());
                return Err(PhoneError::Timeout { what, within });
            }
            tokio::time::sleep(LISTEN_AGAIN).await;
        }
    }
}

/// The body of `application/dtmf-relay`.
fn dtmf_relay(key: char, timing: KeyTiming) -> String {
    format!("Signal={key}\r\nDuration={}\r\n", timing.on.as_millis())
}

/// A reply channel of the agent.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, PhoneError>>;
