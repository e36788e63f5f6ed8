//! The control task: owns the switchboard and does what it is told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use confab_switchboard::{Action, Input, MediaCommand, Notice, Switchboard};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::audio::Audio;
use crate::log::OneLine;
use crate::lookup::{Answer, Lookups, Question};
use crate::sounds::Loaded;
use crate::transport::{Arrival, Transports};

/// What refused callers are told to wait while the server stops.
const RETRY_AFTER: Duration = Duration::from_secs(30);
/// How long the last messages of ended calls may take before the server stops without them: a lost BYE is sent again
/// after 0.5 s and 1.5 s. A log that nobody reads holds the process up for another second; all that within 3 s.
const FAREWELL: Duration = Duration::from_millis(1800);
/// Messages handled before timers and audio events get their turn.
const BATCH: usize = 64;

/// Everything that the control task owns.
pub(crate) struct Control {
    pub(crate) switchboard: Switchboard,
    pub(crate) transports: Transports,
    pub(crate) arrivals: mpsc::Receiver<Arrival>,
    pub(crate) audio: Audio,
    /// Rung by the audio workers.
    pub(crate) audio_events: Arc<Notify>,
    /// Sounds that were loaded since the start.
    pub(crate) sounds: mpsc::UnboundedReceiver<Loaded>,
    pub(crate) lookups: Lookups,
    /// What [`Lookups::ask`] has brought.
    pub(crate) answers: mpsc::UnboundedReceiver<Answer>,
    /// Resolves, or is dropped, when the server is to stop.
    pub(crate) stop: oneshot::Receiver<()>,
}

impl Control {
    /// Runs until told to stop, then until every call is over, at most for a short while.
    pub(crate) async fn run(mut self) {
        // Registrations with gateways begin with the first look at the timers.
        self.switchboard.handle_timeout(Instant::now());
        let mut deadline = None;
        loop {
            self.perform();
            self.audio.flush();
            if deadline.is_some() && self.switchboard.is_settled() {
                break;
            }
            tokio::select! {
                Some(arrival) = self.arrivals.recv() => self.on_arrivals(arrival),
                () = self.audio_events.notified() => self.on_audio(),
                Some(loaded) = self.sounds.recv() => self.on_sound(loaded),
                Some(Answer { leg, decision: answer }) = self.answers.recv() => {
                    self.tell(Input::LookedUp { leg, answer });
                }
                () = sleep_until(self.switchboard.poll_timeout().map(|(at, _)| at)) => {
                    self.switchboard.handle_timeout(Instant::now());
                }
                () = sleep_until(self.audio.poll_timeout()) => self.audio.measure(Instant::now()),
                _ = &mut self.stop, if deadline.is_none() => {
                    tracing::info!("stopping: {} calls to end", self.switchboard.calls());
                    deadline = Some(Instant::now() + FAREWELL);
                    self.tell(Input::ShutDown { retry_after: RETRY_AFTER });
                }
                () = sleep_until(deadline), if deadline.is_some() => break,
            }
        }
        self.report();
    }

    fn tell(&mut self, input: Input) {
        self.switchboard.handle_input(Instant::now(), input);
    }

    fn on_arrivals(&mut self, first: Arrival) {
        self.on_arrival(first);
        for _ in 1..BATCH {
            let Ok(arrival) = self.arrivals.try_recv() else { return };
            self.perform();
            self.on_arrival(arrival);
        }
    }

    fn on_arrival(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Sip(input) => self.tell(Input::Sip(input)),
            Arrival::Opened(handle) => self.transports.opened(handle),
            Arrival::Closed(flow) => {
                self.transports.closed(flow);
                self.tell(Input::Sip(confab_sip::Input::FlowFailed { flow }));
            }
        }
    }

    fn on_audio(&mut self) {
        while let Some(event) = self.audio.poll_event() {
            self.tell(Input::Media(event));
            self.perform();
        }
    }

    fn on_sound(&mut self, loaded: Loaded) {
        for event in self.audio.loaded(loaded) {
            self.tell(Input::Media(event));
        }
    }

    /// Carries out all that the switchboard wants, and what follows from it.
    fn perform(&mut self) {
        while let Some(action) = self.switchboard.poll_action() {
            match action {
                Action::Transmit(transmit) => self.transports.send(transmit),
                Action::Media(command) => self.command(command),
                Action::LookUp { leg, lookup, caller, dialled } => {
                    self.lookups.ask(Question { leg, lookup, caller, dialled });
                }
                Action::Notice(notice) => log(&notice),
            }
        }
    }

    fn command(&mut self, command: MediaCommand) {
        if let Some(event) = self.audio.perform(command) {
            self.tell(Input::Media(event));
        }
    }

    fn report(&self) {
        tracing::info!("sip: {:?}", self.switchboard.sip_stats());
        tracing::info!("transports: {:?}", self.transports.losses());
        let audio = self.audio.stats();
        tracing::info!("audio: {audio:?}");
        tracing::info!("audio: lateness of {} ticks: {}", audio.lateness.ticks(), audio.lateness);
        tracing::info!("recordings: {:?}", self.audio.recorder_stats());
        tracing::info!("stopped");
    }
}

fn log(notice: &Notice) {
    if notice.is_warning() {
        tracing::warn!("{}", OneLine(notice));
    } else {
        tracing::info!("{}", OneLine(notice));
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
