//! A full machine: the next caller is told to come back, and nobody inside hears anything of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use confab_phone::{Call, Encoding, Phone, PhoneError};
use confab_tests::{Bridge, SOON, log, pass, tones};

/// As few as a hundredth of a core holds, it is less than this.
const FAR_TOO_MANY: usize = 300;

/// Calls until somebody is refused; those who were taken.
async fn call_until_refused(phone: &Phone) -> Vec<Call> {
    let mut taken = Vec::new();
    while taken.len() < FAR_TOO_MANY {
        let call = phone.call("8000").await.unwrap();
        match call.wait_answered(SOON).await {
            Ok(_) => taken.push(call),
            Err(PhoneError::Refused { status, .. }) => {
                assert_eq!(status, Some(503));
                return taken;
            }
            Err(other) => panic!("{other}"),
        }
        pass(Duration::from_millis(50)).await;
    }
    panic!("{FAR_TOO_MANY} callers fit into a hundredth of a core")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_fit_is_refused_and_those_inside_hear_nothing_of_it() {
    log::keep();
    let bridge = Bridge::rooms(&["media.headroom=99%", "media.workers=1"]).await;
    let (anne, bert) = tokio::join!(
        bridge.member("8000", Encoding::Pcmu, tones::TRUNK),
        bridge.member("8000", Encoding::Pcmu, tones::STATION)
    );
    anne.call.wait_until_steady(tones::STATION, SOON).await.unwrap();
    let crowd = Phone::start(bridge.caller("4155550009", tones::INVITED)).await.unwrap();
    let _inside = call_until_refused(&crowd).await;
    let refusal =
        crowd.messages().into_iter().find(|message| message.text().starts_with("SIP/2.0 503")).unwrap();
    assert!(refusal.text().contains("Retry-After: 10\r\n"), "{}", refusal.text());
    log::line("the step", |line| line.contains("it leaves out") && line.ends_with("new callers")).await;
    log::line("the refusal", |line| line.contains("4155550009 is not taken: every core is full")).await;

    pass(Duration::from_secs(1)).await;
    for (ear, other) in [(&anne, tones::STATION), (&bert, tones::TRUNK)] {
        let level = ear.call.wait_until_steady(other, SOON).await.unwrap();
        assert!((level + 20.0).abs() < 0.5, "{level} dBov");
        assert!(ear.call.stream_report().is_gapless(), "{:?}", ear.call.stream_report());
    }
    bridge.stop().await;
}
