//! One call in front of the operator.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::args::TalkArgs;
use super::console::Console;
use crate::call::{Call, CallState, Ended, Stage};
use crate::error::PhoneError;
use crate::heard::StreamReport;
use crate::phone::Phone;
use crate::script::{Script, Step};

/// How often it is told what is heard, if that has changed.
const LOOK: Duration = Duration::from_millis(250);

/// A call that nobody takes or refuses is given up after this.
const ANSWER_WITHIN: Duration = Duration::from_secs(180);

/// How long a hang-up may take.
const END_WITHIN: Duration = Duration::from_secs(5);

/// Tells what happens in a call and does what the script and the keyboard say, until the call ends.
pub(super) async fn talk(
    phone: &Phone,
    call: Call,
    args: &TalkArgs,
    console: &Console,
    keyboard: &mut mpsc::UnboundedReceiver<String>,
) -> Result<(), PhoneError> {
    let mut teller = Teller { phone, call: &call, console, trace: args.trace, told: Told::default() };
    let outcome = tokio::select! {
        () = teller.tell() => Ok(()),
        failure = perform(&call, args, console, keyboard) => failure,
        () = until_stopped() => Ok(()),
    };
    call.hang_up();
    let ended = call.wait_ended(END_WITHIN).await?;
    teller.look();
    phone.settle().await;
    console.say(&summary(&call.stream_report()));
    outcome?;
    match call.state().answered {
        Some(_) => Ok(()),
        None => Err(PhoneError::Refused { what: "the call", status: ended.status }),
    }
}

/// How a call ended, in words.
pub(super) fn end(ended: &Ended) -> String {
    let status = ended.status.map_or_else(String::new, |status| format!(", {status}"));
    let reason = ended.reason.as_ref().map_or_else(String::new, |reason| format!(", {reason}"));
    format!("ended by {:?}{status}{reason}", ended.by)
}

/// Does the script's steps and then the typed ones; returns when a step fails or the time is over.
async fn perform(
    call: &Call,
    args: &TalkArgs,
    console: &Console,
    keyboard: &mut mpsc::UnboundedReceiver<String>,
) -> Result<(), PhoneError> {
    call.wait_answered(ANSWER_WITHIN).await?;
    if let Some(path) = &args.record {
        call.record(path)?;
    }
    let steps = async {
        let script = args.script.clone().unwrap_or_default();
        script.run(call, |step| console.say(&format!("> {step}"))).await?;
        obey_keyboard(call, console, keyboard).await
    };
    let limit = async {
        match args.duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        failure = steps => failure,
        () = limit => Ok(()),
    }
}

/// Does what is typed. A typing error or a refusal is told; it does not end the call.
async fn obey_keyboard(
    call: &Call,
    console: &Console,
    keyboard: &mut mpsc::UnboundedReceiver<String>,
) -> Result<(), PhoneError> {
    while let Some(line) = keyboard.recv().await {
        match line.parse::<Script>() {
            Ok(script) => told(console, script.run(call, |_: &Step| {}).await),
            Err(error) => console.say(&error.why),
        }
    }
    std::future::pending().await
}

fn told(console: &Console, outcome: Result<(), PhoneError>) {
    if let Err(error) = outcome {
        console.say(&error.to_string());
    }
}

async fn until_stopped() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

/// Looks at a call and prints what is new.
struct Teller<'a> {
    phone: &'a Phone,
    call: &'a Call,
    console: &'a Console,
    trace: bool,
    told: Told,
}

/// What has been printed.
#[derive(Default)]
struct Told {
    provisionals: usize,
    answered: bool,
    ended: bool,
    keys: usize,
    infos: usize,
    heard: String,
    traced: Option<Instant>,
}

impl Teller<'_> {
    /// Until the call has ended.
    async fn tell(&mut self) {
        let mut clock = tokio::time::interval(LOOK);
        while self.call.state().stage < Stage::Ended {
            clock.tick().await;
            self.look();
        }
    }

    fn look(&mut self) {
        if self.trace {
            self.look_at_messages();
        }
        let state = self.call.state();
        for (at, status) in state.provisionals.iter().skip(self.told.provisionals) {
            self.console.say_at(*at, &format!("{status} {}", confab_sip::reason_phrase(*status)));
        }
        self.told.provisionals = state.provisionals.len();
        self.look_at_audio(&state);
        if let Some(ended) = state.ended.as_ref().filter(|_| !self.told.ended) {
            self.told.ended = true;
            self.console.say_at(ended.at, &end(ended));
        }
    }

    fn look_at_audio(&mut self, state: &CallState) {
        let (Some(answered), Some(stream)) = (state.answered, &state.stream) else { return };
        if !std::mem::replace(&mut self.told.answered, true) {
            let remote = stream.remote.map_or_else(|| "nowhere".into(), |remote| remote.to_string());
            self.console.say_at(answered, &format!("up, {} to {remote}", stream.encoding.name()));
        }
        let keys: String = self.call.heard().keys().chars().skip(self.told.keys).collect();
        if !keys.is_empty() {
            self.told.keys += keys.len();
            self.console.say(&format!("keys {keys}"));
        }
        for (content_type, body) in state.infos.iter().skip(self.told.infos) {
            self.console.say(&format!("INFO {content_type}: {:?}", String::from_utf8_lossy(body)));
        }
        self.told.infos = state.infos.len();
        self.look_at_sound();
    }

    /// A level that wanders is no news; another tone, or its beginning and end, is.
    fn look_at_sound(&mut self) {
        let heard = self.call.heard().to_string();
        let kind = heard.split(" at ").next().unwrap_or_default();
        if kind != self.told.heard {
            self.told.heard = kind.into();
            self.console.say(&format!("hears {heard}"));
        }
    }

    fn look_at_messages(&mut self) {
        for traced in self.phone.messages() {
            if self.told.traced.is_none_or(|newest| traced.at > newest) {
                self.told.traced = Some(traced.at);
                self.console.say_at(traced.at, &format!("{:?} {}", traced.way, traced.start_line()));
            }
        }
    }
}

fn summary(report: &StreamReport) -> String {
    format!(
        "{} packets in {:.1} s, {} lost, {} duplicated, {} timestamp jumps, {} SSRC changes, \
         largest gap {:.0} ms, jitter {:.1} ms",
        report.packets,
        report.duration.as_secs_f64(),
        report.lost,
        report.duplicated,
        report.timestamp_jumps,
        report.ssrc_changes,
        report.largest_gap_ms,
        report.jitter_ms,
    )
}
