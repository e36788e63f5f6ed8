//! What a server may answer.
//!
//! | key | is |
//! |---|---|
//! | `room`, `profile`, `role` | names |
//! | `pin` | digits that the caller has to type, as a string |
//! | `flags` | names of member flags, in a list |
//! | `name` | by which others see the caller |
//! | `reject` | a SIP status from 400 to 699 |
//!
//! All may be left out, or be `null`. Another key, or a value of another kind, makes the whole answer a failure: a
//! misspelt `pin` must not let anybody in.

use confab_conference::{Decision, MemberFlag, MemberFlags, Pin, RoomName};
use serde_json::Value;

/// The longest name, characters.
const LONGEST_NAME: usize = 64;

/// Reads an answer.
pub(super) fn read(body: &[u8]) -> Result<Decision, String> {
    let answer: Value =
        serde_json::from_slice(body).map_err(|error| format!("the answer is no JSON: {error}"))?;
    let Value::Object(answer) = answer else { return Err("the answer is no JSON object".into()) };
    let mut decision = Decision::default();
    for (key, value) in answer.iter().filter(|(_, value)| !value.is_null()) {
        set(&mut decision, key, value).map_err(|why| format!("{key:?} {why}"))?;
    }
    Ok(decision)
}

fn set(decision: &mut Decision, key: &str, value: &Value) -> Result<(), String> {
    match key {
        "room" => decision.room = Some(room(value)?),
        "profile" => decision.profile = Some(name(value)?),
        "role" => decision.role = Some(name(value)?),
        "pin" => decision.pin = Some(pin(value)?),
        "flags" => decision.flags = flags(value)?,
        "name" => decision.name = Some(name(value)?),
        "reject" => decision.reject = Some(status(value)?),
        _ => return Err("is no key of an answer".into()),
    }
    Ok(())
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "is no string".into())
}

fn name(value: &Value) -> Result<String, String> {
    let name = text(value)?.trim();
    let fits =
        !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(format!("is no name of 1 to {LONGEST_NAME} characters")) }
}

fn room(value: &Value) -> Result<RoomName, String> {
    text(value)?.parse().map_err(|_| "is no name of a room".into())
}

/// It is never repeated in an error.
fn pin(value: &Value) -> Result<Pin, String> {
    text(value)?.parse().map_err(|_| "is no PIN".into())
}

fn flags(value: &Value) -> Result<MemberFlags, String> {
    let names = value.as_array().ok_or("is no list")?;
    names.iter().map(|name| flag(text(name)?)).collect()
}

fn flag(name: &str) -> Result<MemberFlag, String> {
    name.parse().map_err(|_| format!("has {name:?}, which is no member flag"))
}

fn status(value: &Value) -> Result<u16, String> {
    let status = value.as_u64().filter(|status| (400..700).contains(status));
    status.map(|status| status as u16).ok_or_else(|| "is no SIP status from 400 to 699".into())
}
