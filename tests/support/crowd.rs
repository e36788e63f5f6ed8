//! One caller after the other, until there is no time for another.

use std::time::Duration;

use confab_phone::{Call, Phone, PhoneError, Traced};

use crate::{SOON, pass};

/// With [`TIGHT`] a worker holds fewer, whatever the machine.
const FAR_TOO_MANY: usize = 300;

/// Leaves a worker a hundredth of its core.
pub const TIGHT: &str = "media.headroom=99%";

/// Those who were taken, and the response to the one who was not.
pub struct Crowd {
    /// They last until this is dropped.
    pub inside: Vec<Call>,
    /// The final response, as it came.
    pub refusal: String,
}

impl Crowd {
    /// Calls `number` until `status` is the answer.
    ///
    /// # Panics
    /// If another refusal comes, or none.
    pub async fn until_refused(phone: &Phone, number: &str, status: u16) -> Self {
        let mut inside = Vec::new();
        while inside.len() < FAR_TOO_MANY {
            let call = phone.call(number).await.unwrap();
            match call.wait_answered(SOON).await {
                Ok(_) => inside.push(call),
                Err(PhoneError::Refused { status: told, .. }) => {
                    assert_eq!(told, Some(status));
                    return Self { inside, refusal: refusal(phone, status) };
                }
                Err(other) => panic!("{other}"),
            }
            pass(Duration::from_millis(50)).await;
        }
        panic!("{FAR_TOO_MANY} callers fit into a hundredth of a core")
    }
}

fn refusal(phone: &Phone, status: u16) -> String {
    let begin = format!("SIP/2.0 {status} ");
    let messages = phone.messages();
    messages.iter().map(Traced::text).find(|text| text.starts_with(&begin)).unwrap().into_owned()
}
