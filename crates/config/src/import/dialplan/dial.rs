//! Dial strings, and the arguments of the `conference` application.

/// `NAME[@PROFILE][+PIN][+flags{A|B}]`
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) room: String,
    pub(super) profile: String,
    pub(super) pin: String,
    pub(super) flags: String,
}

impl Target {
    pub(super) fn read(data: &str) -> Self {
        let (head, flags) = match data.split_once("flags{") {
            Some((head, flags)) => (head, flags.split('}').next().unwrap_or_default()),
            None => (data, ""),
        };
        let mut parts = head.trim().split('+');
        let place = parts.next().unwrap_or_default();
        let pin = parts.next().unwrap_or_default();
        let (room, profile) = place.split_once('@').unwrap_or((place, "default"));
        Self {
            room: without_domain(room.trim()).to_owned(),
            profile: profile.trim().to_owned(),
            pin: pin.trim().to_owned(),
            flags: flags.to_owned(),
        }
    }
}

/// The host of a room's name (`3001-$${domain}`) is not part of ours.
fn without_domain(room: &str) -> &str {
    let Some((name, host)) = room.split_once("${") else { return room };
    let name = name.trim_end_matches(['$', '-', '_', '.']);
    let is_host = host.contains("domain") || host.contains("local_ip") || host.contains("host");
    if is_host && !name.is_empty() { name } else { room }
}

/// What may not be in a room's name becomes `-`.
pub(super) fn cleaned(room: &str) -> String {
    let legal = |symbol: char| symbol.is_ascii_alphanumeric() || "_-{}".contains(symbol);
    room.chars().map(|symbol| if legal(symbol) { symbol } else { '-' }).take(40).collect()
}

/// Whom a dial string calls, in our manner: `user/NAME`, `gateway/NAME/NUMBER`.
pub(super) fn target(text: &str) -> Option<String> {
    let text = match text.trim().strip_prefix(['[', '{']) {
        Some(rest) => rest.split_once([']', '}'])?.1,
        None => text.trim(),
    };
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        ["user", user] => Some(format!("user/{}", without_host(user))),
        ["sofia", "gateway", gateway, number] | ["sofia", _, "gateway", gateway, number] => {
            Some(format!("gateway/{gateway}/{}", without_host(number)))
        }
        _ => None,
    }
}

fn without_host(user: &str) -> &str {
    user.split('@').next().unwrap_or_default()
}

/// The variables before a dial string, `{a=b, c='d e'}`.
pub(super) fn variables(prefix: &str) -> Vec<(String, String)> {
    let inner = prefix.trim().trim_start_matches('{').trim_end_matches('}');
    let mut quoted = false;
    let parts = inner.split(|symbol: char| {
        quoted ^= symbol == '\'';
        symbol == ',' && !quoted
    });
    let pairs = parts.filter_map(|part| part.split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().trim_matches('\'').to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_the_conference() {
        let read = |data| {
            let target = Target::read(data);
            [target.room, target.profile, target.pin, target.flags]
        };
        assert_eq!(read("test@simple+7536+flags{mute|deaf}"), ["test", "simple", "7536", "mute|deaf"]);
        assert_eq!(read("1004@simple++flags{moderator}"), ["1004", "simple", "", "moderator"]);
        assert_eq!(read("{number}-${domain_name}@default"), ["{number}", "default", "", ""]);
        assert_eq!(read("a b-$${domain}"), ["a b", "default", "", ""]);
        assert_eq!(cleaned("a b"), "a-b");
    }

    #[test]
    fn dial_strings_name_users_and_gateways() {
        assert_eq!(target("user/1004@$${domain}").as_deref(), Some("user/1004"));
        assert_eq!(target("[leg_timeout=5]sofia/gateway/gw/123").as_deref(), Some("gateway/gw/123"));
        assert_eq!(target("sofia/internal/gateway/gw/123").as_deref(), Some("gateway/gw/123"));
        assert_eq!((target("sofia/internal/a@b"), target("loopback/1"), target("{")), (None, None, None));
    }

    #[test]
    fn variables_may_be_quoted_and_missing() {
        let read = variables("{a=1, b='lua x.lua', , c=d=e}");
        let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(read, [("a", "1"), ("b", "lua x.lua"), ("c", "d=e")]);
    }
}
