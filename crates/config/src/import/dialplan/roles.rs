//! Roles, made of what callers bind to their keys.

use super::binding::{Bound, Invite};
use crate::import::note::Spot;
use crate::import::toml::{Toml, bare, quoted};

/// What FreeSWITCH leaves unsaid of an invite; these sounds are in the program.
const OUTCOMES: [(&str, &str); 7] = [
    ("not-allowed-sound", "ivr/not_allowed.wav"),
    ("busy-sound", "ivr/busy.wav"),
    ("declined-sound", "ivr/declined.wav"),
    ("no-answer-sound", "ivr/no_answer.wav"),
    ("unreachable-sound", "ivr/unreachable.wav"),
    ("cancelled-sound", "ivr/cancelled.wav"),
    ("none-left-sound", "ivr/no_invite.wav"),
];

/// `[roles.NAME]` and the keys that are its own.
#[derive(Debug)]
struct Role {
    name: String,
    moderator: bool,
    /// Groups of keys that are declared; empty: those of the profile.
    controls: Vec<String>,
    bound: Vec<Bound>,
}

/// All roles, each once.
#[derive(Debug, Default)]
pub(in crate::import) struct Roles(Vec<Role>);

impl Roles {
    /// The name of the role that has just these keys, made if there is none; `controls` are the group of the profile.
    pub(super) fn name(
        &mut self,
        moderator: bool,
        mut controls: Vec<String>,
        bound: Vec<Bound>,
        own: bool,
    ) -> String {
        if bound.is_empty() && !own {
            controls.clear();
        }
        let same = |role: &&Role| {
            let keys = |bound: &[Bound]| -> Vec<(String, String)> {
                bound.iter().map(|bound| (bound.keys.clone(), bound.action.clone())).collect()
            };
            role.moderator == moderator && role.controls == controls && keys(&role.bound) == keys(&bound)
        };
        if let Some(role) = self.0.iter().find(same) {
            return role.name.clone();
        }
        let name = self.free_name(moderator, &controls, &bound);
        self.0.push(Role { name: name.clone(), moderator, controls, bound });
        name
    }

    fn free_name(&self, moderator: bool, controls: &[String], bound: &[Bound]) -> String {
        let base = if bound.iter().any(|bound| bound.invite.is_some()) {
            "inviter"
        } else if moderator {
            "moderator"
        } else if bound.is_empty() && controls.is_empty() {
            "guest"
        } else {
            "member"
        };
        let taken = |name: &str| self.0.iter().any(|role| role.name == name);
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        std::iter::once(base.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    }

    /// Writes them; the invited are guests.
    pub(in crate::import) fn write(&self, toml: &mut Toml) {
        self.0.iter().for_each(|role| role.write(toml));
    }
}

impl Role {
    fn write(&self, toml: &mut Toml) {
        if !self.bound.is_empty() {
            toml.section(&format!("[controls.{}]", bare(&self.name)), None);
            for bound in &self.bound {
                toml.text(&quoted(&bound.keys), &bound.action, Some(&bound.spot));
            }
        }
        toml.section(&format!("[roles.{}]", bare(&self.name)), None);
        if self.moderator {
            toml.list("flags", &["moderator"], None);
        }
        let mut controls = self.controls.clone();
        controls.extend((!self.bound.is_empty()).then(|| self.name.clone()));
        toml.list("controls", &controls, None);
        let invite = self.bound.iter().find_map(|bound| bound.invite.as_ref());
        invite.into_iter().for_each(|invite| write_invite(toml, &self.name, invite));
    }
}

fn write_invite(toml: &mut Toml, role: &str, invite: &Invite) {
    let spot: Option<&Spot> = Some(&invite.spot);
    toml.section(&format!("[roles.{}.invite]", bare(role)), spot);
    toml.comment(&format!("from {}", invite.spot));
    toml.raw("min_digits", &invite.min_digits, spot);
    toml.raw("max_digits", &invite.max_digits, spot);
    toml.text("terminator", &invite.terminator, spot);
    toml.text("first_digit_timeout", &format!("{}ms", invite.first_digit_timeout), spot);
    toml.text("digit_timeout", &format!("{}ms", invite.digit_timeout), spot);
    let confirm = |to: &str| if to == "user" { "" } else { ", confirm = false" };
    let entries = invite.allow.iter().map(|(pattern, to, _)| {
        format!("{{ number = {}, to = {}{} }}", quoted(pattern), quoted(to), confirm(to))
    });
    if invite.allow.iter().any(|(_, to, _)| to != "user") {
        toml.comment("FreeSWITCH lets in whatever answers, also a voicemail; with confirm = true who answers must press 1");
    }
    toml.raw("allow", format!("[{}]", entries.collect::<Vec<_>>().join(", ")), spot);
    toml.text("role", "guest", spot);
    toml.comment("FreeSWITCH shows 0000000000");
    toml.text("caller_id", "caller", spot);
    invite.prompt.iter().for_each(|sound| toml.text("prompt-sound", sound, spot));
    invite.invalid.iter().for_each(|sound| toml.text("invalid-sound", sound, spot));
    toml.comment("FreeSWITCH tells the inviter nothing of what became of his call; confab does:");
    OUTCOMES.iter().for_each(|(key, sound)| toml.text(key, sound, spot));
}
