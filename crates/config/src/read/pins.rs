//! PINs of profiles, rooms and routes. No error shows one.

use confab_conference::{Pin, PinError, PinRole};

use super::flags::member_flags;
use super::names::{Names, check_known};
use crate::section::Section;
use crate::source::At;

/// `pin`, `moderator-pin` and `pins`; `None`: nothing is said of PINs.
pub(crate) fn pins(section: &mut Section<'_>, names: &Names) -> Option<Vec<PinRole>> {
    let said = ["pin", "moderator-pin", "pins"].into_iter().any(|key| section.has(key));
    let mut seen = Vec::new();
    let guest = pin(section, "pin", &mut seen).map(PinRole::guest);
    let role = section.string("moderator-role");
    let known =
        |section: &Section<'_>, role: &At<String>| check_known(section.context, role, "role", &names.roles);
    role.iter().for_each(|role| known(section, role));
    let moderator = pin(section, "moderator-pin", &mut seen)
        .map(|pin| PinRole::moderator(pin, role.map(|role| role.value)));
    let mut pins: Vec<PinRole> = moderator.into_iter().chain(guest).collect();
    for mut one in section.sections("pins") {
        let flags = member_flags(&mut one, "flags");
        let role = one.string("role");
        role.iter().for_each(|role| known(&one, role));
        if !one.has("pin") {
            one.missing("pin", "1 to 16 digits");
        }
        let pin = pin(&mut one, "pin", &mut seen);
        pins.extend(pin.map(|pin| PinRole { pin, role: role.map(|role| role.value), flags }));
    }
    said.then_some(pins)
}

/// A PIN; an empty one is none. Two that are equal would leave open who one is.
fn pin(section: &mut Section<'_>, key: &str, seen: &mut Vec<String>) -> Option<Pin> {
    let written = section.string(key).filter(|written| !written.value.is_empty())?;
    if seen.contains(&written.value) {
        let help = "give each its own: it decides who one is";
        section.context.report.error_at(&written, "another PIN of this room is the same", help);
    }
    seen.push(written.value.clone());
    match written.value.parse() {
        Ok(pin) => Some(pin),
        Err(error) => {
            let error: PinError = error;
            section.context.report.error_at(&written, error.to_string(), "");
            None
        }
    }
}
