//! `confab phone` as an operator runs it.
#![expect(clippy::unwrap_used, reason = "a call that cannot be set up is a failed test")]

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use confab_phone::{OnCall, Phone, PhoneConfig, cli};

const SOON: Duration = Duration::from_secs(5);

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: cli::Args,
}

async fn confab_phone(line: &str) -> bool {
    let words = line.split('|');
    let code = cli::run(Line::parse_from(std::iter::once("phone").chain(words)).args).await;
    format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS)
}

async fn callee(on_call: OnCall) -> Phone {
    let config = PhoneConfig::listening(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    Phone::start(config.on_call(on_call)).await.unwrap()
}

/// Where nobody listens.
fn free_address() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.local_addr().unwrap()
}

#[tokio::test]
async fn options_tells_whether_a_server_is_alive() {
    let phone = callee(OnCall::Ask).await;
    assert!(confab_phone(&format!("options|{}", phone.local_addr())).await);

    let begun = Instant::now();
    assert!(!confab_phone(&format!("options|{}", free_address())).await);
    assert!(begun.elapsed() >= Duration::from_secs(2));
}

#[tokio::test]
async fn a_call_runs_its_script_and_hangs_up() {
    let called = callee(OnCall::Answer(Duration::ZERO)).await;
    let server = called.local_addr();
    let script = "hear 600; press *1; hold; resume; hangup";
    let calling = tokio::spawn(async move {
        confab_phone(&format!("call|2002|--server|{server}|--tone|440|--script|{script}")).await
    });
    let call = called.next_answered(SOON).await.unwrap();
    call.wait_until_hears(440.0, SOON).await.unwrap();
    call.play_tone(600.0, -20.0);
    call.wait_until_keys("*1", SOON).await.unwrap();
    call.wait_ended(SOON).await.unwrap();
    assert_eq!(call.state().reoffers, 2);
    assert!(calling.await.unwrap());
}

#[tokio::test]
async fn a_call_that_is_refused_or_does_not_hear_fails() {
    let busy = callee(OnCall::Refuse(486)).await;
    assert!(!confab_phone(&format!("call|1|--server|{}", busy.local_addr())).await);
    let called = callee(OnCall::Answer(Duration::ZERO)).await;
    let deaf = format!("call|1|--server|{}|--script|hear 1000 0.3", called.local_addr());
    assert!(!confab_phone(&deaf).await);
}

#[tokio::test]
async fn a_gateway_answers_one_number_and_refuses_another() {
    let listen = free_address();
    let line = format!("gateway|--listen|{listen}|--after|0.1|--busy|10099|--tone|800");
    let gateway = tokio::spawn(async move { confab_phone(&line).await });
    let calling = Phone::start(PhoneConfig::new(listen, "2002")).await.unwrap();

    let call = calling.call("12345").await.unwrap();
    call.wait_answered(SOON).await.unwrap();
    call.wait_until_hears(800.0, SOON).await.unwrap();
    let busy = calling.call("10099").await.unwrap();
    assert_eq!(busy.wait_ended(SOON).await.unwrap().status, Some(486));
    gateway.abort();
}
