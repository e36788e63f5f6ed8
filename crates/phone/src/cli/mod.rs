//! `confab phone`: the phone for operators.

mod args;
mod console;
mod talk;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Subcommand;

use crate::call::IncomingCall;
use crate::config::PhoneConfig;
use crate::error::PhoneError;
use crate::phone::Phone;
use args::{Account, AnswerArgs, CallArgs, GatewayArgs, OptionsArgs, Treatment};
use console::{Console, keyboard};
use talk::talk;

/// A healthcheck fails when nothing is answered for so long.
const HEALTHY_WITHIN: Duration = Duration::from_secs(2);

/// How long a phone waits at a time for the next call.
const NEXT_CALL: Duration = Duration::from_secs(3600);

/// A phone of four kinds.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    kind: Kind,
}

const EXAMPLES: &str = "Examples:
  Call the conference 2002 with a tone, and type keys while the call is up:
    confab phone call 2002 --server 127.0.0.1:5080 --user 5551234 --tone 440
  Be station 1004, which answers, invites 1005 by *1 and hangs up after a while:
    confab phone answer --user 1004 --password 1234 \\
      --script 'wait 3; press *1; wait 1; press 1005#; wait 20; hangup'
  Play the far end of a gateway, where the number 10099 is busy:
    confab phone gateway --listen 127.0.0.1:5090 --busy 10099
  Is the server alive?
    confab phone options 127.0.0.1:5080

While a call is up, a line typed is a step of a script: keys such as *1 or
1005#, hold, resume, tone 440, silence, wav FILE, hear 600, hangup.";

#[derive(Debug, Subcommand)]
enum Kind {
    /// Call a number, run a script, print what happens and what is heard
    Call(CallArgs),
    /// Register, wait for calls and answer them
    Answer(AnswerArgs),
    /// Play the far end of a gateway: take calls to any number, without registration
    Gateway(GatewayArgs),
    /// Ask a server whether it is alive: exit status 0 if it answers within 2 s
    Options(OptionsArgs),
}

/// Runs one of the phones; the exit status is 0 when all that was asked for was done.
pub async fn run(args: Args) -> ExitCode {
    let console = Console::new();
    let done = match args.kind {
        Kind::Call(args) => call(args, &console).await,
        Kind::Answer(args) => answer(args, &console).await,
        Kind::Gateway(args) => gateway(args, &console).await,
        Kind::Options(args) => options(&args.target).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("confab phone: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn call(args: CallArgs, console: &Console) -> Result<(), PhoneError> {
    let phone = Phone::start(config(&args.account, &args.talk).await?).await?;
    if args.register {
        phone.register().await?;
        console.say("registered");
    }
    let call = phone.call(&args.number).await?;
    console.say(&format!("calling {} from {}", args.number, phone.local_addr()));
    talk(&phone, call, &args.talk, console, &mut keyboard()).await
}

async fn answer(args: AnswerArgs, console: &Console) -> Result<(), PhoneError> {
    let phone = Phone::start(config(&args.account, &args.talk).await?).await?;
    phone.register().await?;
    console.say(&format!("{} is registered from {}", args.account.user, phone.local_addr()));
    let mut keyboard = keyboard();
    loop {
        let Some(incoming) = next(&phone, console).await else { return phone.unregister().await };
        console.say(&describe(&incoming));
        let Some(call) = treat(incoming, args.treatment(), console).await else { continue };
        let ended = talk(&phone, call, &args.talk, console, &mut keyboard).await;
        if args.once {
            phone.unregister().await?;
            return ended;
        }
        ended.unwrap_or_else(|error| console.say(&error.to_string()));
    }
}

async fn gateway(args: GatewayArgs, console: &Console) -> Result<(), PhoneError> {
    let config = PhoneConfig::listening(args.listen).transport(args.transport.into());
    let phone = Arc::new(Phone::start(args.talk.apply(config)?).await?);
    console.say(&format!("gateway at {}", phone.local_addr()));
    let args = Arc::new(args);
    while let Some(incoming) = next(&phone, console).await {
        let console = console.named(&incoming.dialled);
        console.say(&describe(&incoming));
        tokio::spawn(serve(Arc::clone(&phone), Arc::clone(&args), incoming, console));
    }
    Ok(())
}

/// One call to the gateway.
async fn serve(phone: Arc<Phone>, args: Arc<GatewayArgs>, incoming: IncomingCall, console: Console) {
    let treatment = args.treatment(&incoming.dialled);
    let Some(call) = treat(incoming, treatment, &console).await else { return };
    let ended = talk(&phone, call, &args.talk, &console, &mut console::no_keyboard()).await;
    ended.unwrap_or_else(|error| console.say(&error.to_string()));
}

async fn options(target: &str) -> Result<(), PhoneError> {
    let target = resolve(target).await?;
    let phone = Phone::start(PhoneConfig::new(target, "healthcheck")).await?;
    let status = phone.options(target, HEALTHY_WITHIN).await?;
    println!("{target} answers {status} {}", confab_sip::reason_phrase(status));
    Ok(())
}

/// The next call; `None` when the operator wants to stop.
async fn next(phone: &Phone, console: &Console) -> Option<IncomingCall> {
    loop {
        tokio::select! {
            call = phone.next_call(NEXT_CALL) => match call {
                Ok(call) => return Some(call),
                Err(_) => continue,
            },
            _ = tokio::signal::ctrl_c() => {
                console.say("stopping");
                return None;
            }
        }
    }
}

/// Rings and answers, or refuses; the call if it is up.
async fn treat(incoming: IncomingCall, treatment: Treatment, console: &Console) -> Option<crate::Call> {
    match treatment {
        Treatment::Answer { after } => {
            incoming.ring();
            if let Ok(ended) = incoming.wait_ended(after).await {
                console.say(&talk::end(&ended));
                return None;
            }
            let answered = incoming.answer().await;
            answered.map_err(|error| console.say(&format!("not answered: {error}"))).ok()
        }
        Treatment::Refuse(status) => {
            console.say(&format!("refused with {status} {}", confab_sip::reason_phrase(status)));
            incoming.refuse(status);
            None
        }
        Treatment::Ring => {
            incoming.ring();
            let ended = incoming.wait_ended(NEXT_CALL).await;
            console.say(&ended.map_or_else(|error| error.to_string(), |ended| talk::end(&ended)));
            None
        }
    }
}

fn describe(incoming: &IncomingCall) -> String {
    let name = incoming.caller.display.as_ref().map_or_else(String::new, |name| format!("{name:?} "));
    format!("call for {} from {name}{} at {}", incoming.dialled, incoming.caller.user, incoming.source)
}

async fn config(account: &Account, talk: &args::TalkArgs) -> Result<PhoneConfig, PhoneError> {
    let server = resolve(&account.server).await?;
    let mut config = PhoneConfig::new(server, &account.user).transport(account.transport.into());
    config.password.clone_from(&account.password);
    config.display.clone_from(&account.display);
    talk.apply(config)
}

/// An address or a name, with a port or the usual 5080.
async fn resolve(target: &str) -> Result<SocketAddr, PhoneError> {
    let with_port = match target.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() && !host.ends_with(':') => target.to_owned(),
        _ => format!("{target}:5080"),
    };
    let mut addresses = tokio::net::lookup_host(with_port).await?;
    addresses.next().ok_or_else(|| std::io::Error::other(format!("{target} has no address")).into())
}
