//! The one brain: a call, its session description and its place in a room, joined.
//!
//! A [`Switchboard`] owns the SIP endpoint, the conferences and one `leg` for each call. It is handed what
//! arrived ([`Input`]) and the time, and is then polled for what it wants done ([`Action`]). It owns no socket, no
//! thread and no clock: the server does what it says.
//!
//! ```text
//!  Input::Sip ──► sip::Endpoint ──events──► Switchboard ──inputs──► conference::Conferences
//!                      ▲                        │  ▲                          │
//!                      └───── ring, answer, ────┘  └───────── actions ────────┘
//!                             place, hangup        MediaCommand / MediaEvent ⇄ the audio engine
//! ```

mod calls;
mod digits;
mod focus;
mod leg;
mod local;
mod media;
mod notice;
mod quality;
mod referrals;
mod rooms;
mod silence;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use confab_conference::{Caller, Conferences, Decision, LegId, Settings};
use confab_sip::{Endpoint, EndpointConfig, Transmit};
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

use focus::Focus;
use leg::Legs;
use local::LocalAudio;
pub use media::{MediaCommand, MediaEvent, Shortage};
pub use notice::Notice;
use quality::Departed;
pub use quality::{LineName, LineQuality};
use referrals::Referrals;
use silence::Questions;

/// What the switchboard is built from.
#[derive(Debug)]
pub struct SwitchboardConfig {
    /// Accounts, gateways, listening addresses and limits of the SIP side.
    pub endpoint: EndpointConfig,
    /// Profiles, roles and routes.
    pub conference: Settings,
    /// The addresses that our session descriptions tell peers to send audio to: one of each family at most.
    pub media_addresses: Vec<IpAddr>,
    /// Everything random (tags, nonces, session ids) follows from it.
    pub seed: [u8; 32],
}

/// What the switchboard is told.
#[derive(Debug)]
pub enum Input {
    /// From the SIP transports.
    Sip(confab_sip::Input),
    /// From the audio engine.
    Media(MediaEvent),
    /// What [`Action::LookUp`] has brought.
    LookedUp {
        /// The caller's leg.
        leg: LegId,
        /// What was decided, or why nothing was.
        answer: Result<Decision, String>,
    },
    /// Stop: refuse new calls, end every leg.
    ShutDown {
        /// What refused callers are told to wait before they try again.
        retry_after: Duration,
    },
}

/// What the switchboard wants done.
#[derive(Debug)]
pub enum Action {
    /// Send these bytes.
    Transmit(Transmit),
    /// Tell the audio engine.
    Media(MediaCommand),
    /// Ask elsewhere about an incoming call; [`Input::LookedUp`] is the answer.
    LookUp {
        /// The caller's leg.
        leg: LegId,
        /// The name of the look-up.
        lookup: String,
        /// Who calls.
        caller: Caller,
        /// What he dialled.
        dialled: String,
    },
    /// Something worth a line in the log.
    Notice(Notice),
}

/// Why the switchboard wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A timer of a transaction, a dialog, a registration or a gateway.
    Sip(confab_sip::Reason),
    /// A timer of a room, a key map, a prompt or an invite.
    Conference(confab_conference::Reason),
    /// A silent phone was asked whether it is there, and should have answered.
    Silence,
    /// Who watches a room may be told of it again.
    Watch,
}

/// Calls, rooms and audio legs, joined. See the [crate's page](crate).
pub struct Switchboard {
    endpoint: Endpoint,
    conferences: Conferences,
    legs: Legs,
    audio: LocalAudio,
    questions: Questions,
    focus: Focus,
    referrals: Referrals,
    departed: Departed,
    rng: StdRng,
    actions: VecDeque<Action>,
}

impl Switchboard {
    /// A switchboard without any call.
    pub fn new(config: SwitchboardConfig) -> Self {
        let mut rng = StdRng::from_seed(config.seed);
        let mut endpoint_seed = [0; 32];
        rng.fill_bytes(&mut endpoint_seed);
        Self {
            focus: Focus::new(&config.endpoint),
            referrals: Referrals::default(),
            endpoint: Endpoint::new(config.endpoint, endpoint_seed),
            conferences: Conferences::new(config.conference),
            legs: Legs::default(),
            audio: LocalAudio { addresses: config.media_addresses },
            questions: Questions::default(),
            departed: Departed::default(),
            rng,
            actions: VecDeque::new(),
        }
    }

    /// Takes in what happened. Afterwards drain [`poll_action`](Self::poll_action) and ask
    /// [`poll_timeout`](Self::poll_timeout) again.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Sip(input) => {
                let admission = calls::Gate { conferences: &self.conferences };
                self.endpoint.handle_input(now, input, &admission);
            }
            Input::Media(event) => self.on_media(now, event),
            Input::LookedUp { leg, answer } => {
                self.tell(now, confab_conference::Input::LookedUp { leg, answer });
            }
            Input::ShutDown { retry_after } => self.shut_down(now, retry_after),
        }
        self.settle(now);
    }

    /// Lets every timer that is due act; a late or extra call does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
        self.conferences.handle_timeout(now);
        self.questions_due(now);
        self.watchers_due(now);
        self.settle(now);
    }

    /// The next thing to do; its answer changes after each `handle_…`.
    #[must_use]
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front().or_else(|| self.endpoint.poll_transmit().map(Action::Transmit))
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) at the latest, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        let sip = self.endpoint.poll_timeout().map(|(at, why)| (at, Reason::Sip(why)));
        let conference = self.conferences.poll_timeout().map(|(at, why)| (at, Reason::Conference(why)));
        let silence = self.questions.next().map(|at| (at, Reason::Silence));
        let watch = self.focus.next().map(|at| (at, Reason::Watch));
        [sip, conference, silence, watch].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// Calls that are up or being set up.
    pub fn calls(&self) -> usize {
        self.legs.len()
    }

    /// Whether every call is over, to its last message.
    pub fn is_settled(&self) -> bool {
        self.legs.len() == 0 && self.endpoint.unsettled() == 0
    }

    /// What the SIP side dropped and refused so far.
    pub fn sip_stats(&self) -> &confab_sip::Stats {
        self.endpoint.stats()
    }

    /// Lets endpoint and conferences talk to each other until both are silent.
    fn settle(&mut self, now: Instant) {
        loop {
            if let Some(event) = self.endpoint.poll_event() {
                self.on_sip(now, event);
            } else if let Some(action) = self.conferences.poll_action() {
                self.on_conference(now, action);
            } else if let Some(room) = self.conferences.poll_changed_room() {
                self.on_room_changed(now, room);
            } else {
                break;
            }
        }
        while let Some(event) = self.conferences.poll_event() {
            self.notice(Notice::Conference(event));
        }
    }

    fn shut_down(&mut self, now: Instant, retry_after: Duration) {
        self.endpoint.shut_down(now, retry_after);
        self.tell(now, confab_conference::Input::Shutdown);
        for leg in self.legs.arriving() {
            self.end_leg(now, leg, confab_sip::Cause::TEMPORARY_FAILURE);
        }
    }

    fn tell(&mut self, now: Instant, input: confab_conference::Input) {
        self.conferences.handle_input(now, input);
    }

    fn command(&mut self, command: MediaCommand) {
        self.actions.push_back(Action::Media(command));
    }

    fn notice(&mut self, notice: Notice) {
        self.actions.push_back(Action::Notice(notice));
    }

    fn digit(&mut self, now: Instant, leg: LegId, source: digits::Source, digit: char) {
        let Some(state) = self.legs.find_mut(leg) else { return };
        if state.digits.accept(now, source, digit) {
            self.tell(now, confab_conference::Input::Digit { leg, digit });
        }
    }
}
