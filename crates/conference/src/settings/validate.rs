//! Whether the settings fit together.

use super::{CallList, MemberFlag, PinRole, Profile, Role, Route, Settings};
use crate::keys::{KeyAction, KeyMap, Right};

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
    /// A route asks one who is not there.
    #[error("route {route}: there is no look-up `{lookup}`")]
    UnknownLookup {
        /// The route's pattern.
        route: String,
        /// The missing one.
        lookup: String,
    },
    /// A route, an outcall, a PIN or a role's invites name a role that is not there.
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
    /// The keys would do nothing, as who has them does not moderate.
    #[error("{user}: `{sequence}` is bound to `{action}`, which only moderators may do")]
    NotModerator {
        /// Whose keys they are.
        user: String,
        /// The keys.
        sequence: String,
        /// The action.
        action: KeyAction,
    },
    /// Longer sequences could never be typed.
    #[error("{user}: with a digit timeout of 0, sequences of several keys can never be typed")]
    NoDigitTimeout {
        /// The profile or room.
        user: String,
    },
    /// A route that nobody reaches: an earlier one takes the same numbers of the same callers.
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
    #[error("{user}: an outcall has no target")]
    NoTarget {
        /// The route or the list.
        user: String,
    },
    /// The list that a key dials is not there.
    #[error("{user}: `{sequence}` dials the list `{list}`, which is not there")]
    UnknownList {
        /// Whose keys they are.
        user: String,
        /// The keys.
        sequence: String,
        /// The missing one.
        list: String,
    },
}

impl Settings {
    /// All that does not fit together.
    pub fn validate(&self) -> Result<(), Vec<SettingsError>> {
        let mut errors = Vec::new();
        self.routes.iter().enumerate().for_each(|(index, route)| self.check_route(index, route, &mut errors));
        self.roles.values().for_each(|role| self.check_role(role, &mut errors));
        self.lists.iter().for_each(|(name, list)| self.check_list(name, list, &mut errors));
        let profiles = self.profiles.iter().map(|(name, profile)| (format!("profile {name}"), profile));
        let rooms = self.rooms.iter().map(|(name, room)| (format!("room {name}"), &room.profile));
        profiles.chain(rooms).for_each(|(user, profile)| self.check_profile(&user, profile, &mut errors));
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn check_profile(&self, user: &str, profile: &Profile, errors: &mut Vec<SettingsError>) {
        check_moderation(&format!("caller-controls of {user}"), &profile.caller_controls, errors);
        for keys in [&profile.caller_controls, &profile.moderator_controls] {
            self.check_list_keys(user, keys, errors);
        }
        self.check_pins(&profile.pins, user, errors);
        if profile.digit_timeout.is_zero() {
            errors.push(SettingsError::NoDigitTimeout { user: user.to_owned() });
        }
    }

    fn check_route(&self, index: usize, route: &Route, errors: &mut Vec<SettingsError>) {
        let name = || route.pattern.to_string();
        if !self.profiles.contains_key(&route.profile) {
            errors.push(SettingsError::UnknownProfile { route: name(), profile: route.profile.clone() });
        }
        if self.routes.iter().take(index).any(|earlier| earlier.hides(route)) {
            errors.push(SettingsError::HiddenRoute { route: name() });
        }
        let example = route.pattern.longest();
        if route.room.name(&example, Some("0"), 0).is_none() {
            errors.push(SettingsError::UnnamedRoom { route: name(), room: route.room.to_string(), example });
        }
        if route.outcalls.iter().any(|outcall| outcall.targets.is_empty()) {
            errors.push(SettingsError::NoTarget { user: format!("route {}", route.pattern) });
        }
        if let Some(lookup) = route.lookup.as_ref().filter(|lookup| !self.lookups.contains_key(*lookup)) {
            errors.push(SettingsError::UnknownLookup { route: name(), lookup: lookup.clone() });
        }
        let called = route.outcalls.iter().map(|outcall| &outcall.role);
        let roles = called.chain([&route.role]).chain(route.roles_by_user.values());
        roles.for_each(|role| self.check_role_name(role, || format!("route {}", route.pattern), errors));
        let pins = route.pins.as_deref().unwrap_or_default();
        self.check_pins(pins, &format!("route {}", route.pattern), errors);
    }

    /// A list may leave the role to the plan of who dials it.
    fn check_list(&self, name: &str, list: &CallList, errors: &mut Vec<SettingsError>) {
        let named = list.outcalls.iter().filter(|outcall| !outcall.role.is_empty());
        named.for_each(|outcall| self.check_role_name(&outcall.role, || format!("list {name}"), errors));
        if list.outcalls.iter().any(|outcall| outcall.targets.is_empty()) {
            errors.push(SettingsError::NoTarget { user: format!("list {name}") });
        }
    }

    /// Every list that a key dials must be there.
    fn check_list_keys(&self, user: &str, keys: &KeyMap, errors: &mut Vec<SettingsError>) {
        for (sequence, action) in keys.actions() {
            if let KeyAction::DialList(list) = action
                && !self.lists.contains_key(list)
            {
                let (user, sequence, list) = (user.to_owned(), sequence.to_owned(), list.clone());
                errors.push(SettingsError::UnknownList { user, sequence, list });
            }
        }
    }

    fn check_role(&self, role: &Role, errors: &mut Vec<SettingsError>) {
        if !role.flags.contains(&MemberFlag::Moderator) {
            check_moderation(&format!("role {}", role.name), &role.keys, errors);
        }
        self.check_list_keys(&format!("role {}", role.name), &role.keys, errors);
        if let Some(plan) = &role.invite {
            self.check_role_name(&plan.role, || format!("role {}", role.name), errors);
            return;
        }
        for (sequence, action) in
            role.keys.actions().filter(|(_, action)| action.needs() == Some(Right::Invite))
        {
            let (role, sequence, action) = (role.name.clone(), sequence.to_owned(), action.clone());
            errors.push(SettingsError::NoInvitePlan { role, sequence, action });
        }
    }

    fn check_pins(&self, pins: &[PinRole], user: &str, errors: &mut Vec<SettingsError>) {
        let roles = pins.iter().filter_map(|pin| pin.role.as_ref());
        roles.for_each(|role| self.check_role_name(role, || format!("a PIN of {user}"), errors));
    }

    fn check_role_name(&self, role: &str, user: impl Fn() -> String, errors: &mut Vec<SettingsError>) {
        if !self.roles.contains_key(role) {
            errors.push(SettingsError::UnknownRole { user: user(), role: role.to_owned() });
        }
    }
}

/// Reports keys that are for moderators only.
fn check_moderation(user: &str, keys: &KeyMap, errors: &mut Vec<SettingsError>) {
    for (sequence, action) in keys.actions().filter(|(_, action)| action.needs() == Some(Right::Moderator)) {
        let (user, sequence, action) = (user.to_owned(), sequence.to_owned(), action.clone());
        errors.push(SettingsError::NotModerator { user, sequence, action });
    }
}
