//! Whether the settings fit together.

use super::{Role, Route, Settings};
use crate::keys::KeyAction;

/// Settings that do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A route names a profile that is not there.
    #[error("route {route}: there is no profile `{profile}`")]
    UnknownProfile {
        /// The route's pattern.
        route: String,
        /// The missing one.
        profile: String,
    },
    /// A route, an outcall or a role's invites name a role that is not there.
    #[error("{user}: there is no role `{role}`")]
    UnknownRole {
        /// Who names it.
        user: String,
        /// The missing one.
        role: String,
    },
    /// The role has no number plan, so the sequence would do nothing.
    #[error("role {role}: `{sequence}` is bound to `{action}`, but the role may not invite")]
    NoInvitePlan {
        /// The role.
        role: String,
        /// The keys.
        sequence: String,
        /// The action.
        action: KeyAction,
    },
    /// Longer sequences could never be typed.
    #[error("profile {profile}: with a digit timeout of 0, sequences of several keys can never be typed")]
    NoDigitTimeout {
        /// The profile.
        profile: String,
    },
    /// A route that lies wholly behind an equal one.
    #[error("route {route}: an earlier route has the same pattern")]
    HiddenRoute {
        /// The route's pattern.
        route: String,
    },
    /// What is dialled would be no room's name.
    #[error("route {route}: `{room}` is no room's name when {example} is dialled")]
    UnnamedRoom {
        /// The route's pattern.
        route: String,
        /// The room as written.
        room: String,
        /// A number that it fails for.
        example: String,
    },
    /// Nobody would be called.
    #[error("route {route}: an outcall has no target")]
    NoTarget {
        /// The route's pattern.
        route: String,
    },
}

impl Settings {
    /// All that does not fit together.
    pub fn validate(&self) -> Result<(), Vec<SettingsError>> {
        let mut errors = Vec::new();
        self.routes.iter().enumerate().for_each(|(index, route)| self.check_route(index, route, &mut errors));
        self.roles.values().for_each(|role| self.check_role(role, &mut errors));
        let zero = self.profiles.iter().filter(|(_, profile)| profile.digit_timeout.is_zero());
        errors.extend(zero.map(|(name, _)| SettingsError::NoDigitTimeout { profile: name.clone() }));
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn check_route(&self, index: usize, route: &Route, errors: &mut Vec<SettingsError>) {
        let name = || route.pattern.to_string();
        if !self.profiles.contains_key(&route.profile) {
            errors.push(SettingsError::UnknownProfile { route: name(), profile: route.profile.clone() });
        }
        if self.routes.iter().take(index).any(|earlier| earlier.pattern == route.pattern) {
            errors.push(SettingsError::HiddenRoute { route: name() });
        }
        let example = route.pattern.longest();
        if route.room.name(&example).is_none() {
            errors.push(SettingsError::UnnamedRoom { route: name(), room: route.room.to_string(), example });
        }
        if route.outcalls.iter().any(|outcall| outcall.targets.is_empty()) {
            errors.push(SettingsError::NoTarget { route: name() });
        }
        let roles = route.outcalls.iter().map(|outcall| &outcall.role).chain([&route.role]);
        roles.for_each(|role| self.check_role_name(role, || format!("route {}", route.pattern), errors));
    }

    fn check_role(&self, role: &Role, errors: &mut Vec<SettingsError>) {
        if let Some(plan) = &role.invite {
            self.check_role_name(&plan.role, || format!("role {}", role.name), errors);
            return;
        }
        for (sequence, actions) in role.keys.bindings() {
            if let Some(&action) = actions.iter().find(|action| action.needs_invite_plan()) {
                let (role, sequence) = (role.name.clone(), sequence.to_owned());
                errors.push(SettingsError::NoInvitePlan { role, sequence, action });
            }
        }
    }

    fn check_role_name(&self, role: &str, user: impl Fn() -> String, errors: &mut Vec<SettingsError>) {
        if !self.roles.contains_key(role) {
            errors.push(SettingsError::UnknownRole { user: user(), role: role.to_owned() });
        }
    }
}
