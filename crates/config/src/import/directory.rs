//! The directory: users and their passwords.

use std::collections::BTreeMap;

use super::note::{Notes, Spot};
use super::toml::Toml;
use super::xml::Element;

/// A user who may register.
#[derive(Debug)]
struct User {
    name: String,
    password: String,
    spot: Spot,
}

/// All users, and who belongs to which context.
#[derive(Debug, Default)]
pub(super) struct Directory {
    users: Vec<User>,
    pub(super) contexts: BTreeMap<String, Vec<String>>,
}

impl Directory {
    pub(super) fn read(elements: &[Element], notes: &mut Notes) -> Self {
        let mut found = Vec::new();
        elements.iter().for_each(|element| element.find("directory", "user", &mut found));
        let mut directory = Self::default();
        // Groups name users again, by pointers.
        for element in found.into_iter().filter(|user| user.text("type") != "pointer") {
            directory.add(element, notes);
        }
        directory
    }

    pub(super) fn len(&self) -> usize {
        self.users.len()
    }

    fn add(&mut self, element: &Element, notes: &mut Notes) {
        let (name, spot) = (element.text("id"), &element.spot);
        if !crate::parse::is_name(name) {
            notes.left_out(
                spot,
                format!("the user `{name}`"),
                "a name has 1 to 32 letters, digits and + * # . _ -",
            );
            return;
        }
        if self.users.iter().any(|user| user.name == name) {
            notes.mistake(spot, format!("the user `{name}` is here twice"), "the first counts");
            return;
        }
        let mut password = None;
        for (param, value, spot) in element.params() {
            match param {
                "password" => password = Some(value.to_owned()),
                "vm-password" | "vm-enabled" | "vm-email-all-messages" => {}
                "a1-hash" => notes.left_out(spot, "a hashed password", "write the password itself"),
                other => notes.left_out(spot, format!("the param `{other}` of users"), ""),
            }
        }
        match password {
            Some(password) => {
                self.look_into_variables(element, name, notes);
                self.users.push(User { name: name.to_owned(), password, spot: spot.clone() });
            }
            None => notes.left_out(spot, format!("the user `{name}`, who has no password"), "give him one"),
        }
    }

    fn look_into_variables(&mut self, element: &Element, name: &str, notes: &mut Notes) {
        for variable in element.named("variables").flat_map(|outer| outer.named("variable")) {
            match variable.text("name") {
                "user_context" => {
                    self.contexts.entry(variable.text("value").to_owned()).or_default().push(name.to_owned());
                }
                // Who they are shown as is what they say of themselves.
                "accountcode"
                | "toll_allow"
                | "callgroup"
                | "effective_caller_id_name"
                | "effective_caller_id_number"
                | "outbound_caller_id_name"
                | "outbound_caller_id_number" => {}
                other => notes.left_out(&variable.spot, format!("the variable `{other}` of users"), ""),
            }
        }
    }

    /// One `[[users]]` for all who have the same password, runs of numbers as ranges.
    pub(super) fn write(&self, toml: &mut Toml) {
        let mut groups: Vec<(&str, Vec<&str>, &Spot)> = Vec::new();
        for user in &self.users {
            match groups.iter_mut().find(|(password, ..)| *password == user.password) {
                Some((_, names, _)) => names.push(&user.name),
                None => groups.push((&user.password, vec![&user.name], &user.spot)),
            }
        }
        for (password, names, spot) in groups {
            toml.section("[[users]]", Some(spot));
            toml.comment(&format!("from {spot}"));
            toml.list("names", &crate::summary::runs(&names), Some(spot));
            toml.text("password", password, Some(spot));
        }
    }
}
