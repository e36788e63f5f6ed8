//! The small notations inside strings: times, addresses, ranges, names.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use confab_sip::Transport;

/// What [`duration`] understands.
pub(crate) const DURATION: &str = "a time with its unit, such as 500ms, 60s, 10m or 24h";
/// What [`listen`] understands.
pub(crate) const LISTEN: &str =
    "udp:ADDRESS:PORT or tcp:ADDRESS:PORT, such as udp:127.0.0.1:5080 or tcp:[::1]:5080";
/// What [`ports`] understands.
pub(crate) const PORTS: &str = "FIRST-LAST, such as 20000-29999, from 1024 up, at least two ports";
/// What [`users`] understands.
pub(crate) const USERS: &str =
    "a name of 1 to 32 letters, digits and + * # . _ -, or a range such as 1001-1010";

/// What [`log_filter`] understands.
pub(crate) const LOG_FILTER: &str =
    "off, error, warn, info, debug or trace, or a list such as \"info,confab_sip=debug\"";

/// What [`percent`] understands.
pub(crate) const PERCENT: &str = "a share such as 20%, from 0% to 99%";

/// The most users that one range may stand for.
const MAX_RANGE: u64 = 10_000;

pub(crate) fn duration(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u64 = text[..digits].parse().ok()?;
    let seconds = match text[digits..].trim() {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

pub(crate) fn transport(text: &str) -> Option<Transport> {
    [Transport::Udp, Transport::Tcp].into_iter().find(|transport| transport.to_string() == text)
}

pub(crate) fn listen(text: &str) -> Option<(Transport, SocketAddr)> {
    let (protocol, address) = text.split_once(':')?;
    Some((transport(protocol)?, address.parse().ok()?))
}

pub(crate) fn ports(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-')?;
    let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    // The last even port needs its odd neighbour for RTCP.
    (first >= 1024 && first.next_multiple_of(2) < last).then_some(first..=last)
}

pub(crate) fn percent(text: &str) -> Option<u8> {
    let digits = text.strip_suffix('%')?.trim_end();
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?;
    number.filter(|percent| *percent < 100)
}

/// Levels, each alone or of a module, as tracing's `Targets` reads them.
pub(crate) fn log_filter(text: &str) -> Option<String> {
    let is_level = |level: &str| {
        ["off", "error", "warn", "info", "debug", "trace"].iter().any(|name| name.eq_ignore_ascii_case(level))
    };
    let is_module = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "_:".contains(c));
    let is_directive = |part: &str| match part.split_once('=') {
        Some((module, level)) => !module.is_empty() && is_module(module) && is_level(level),
        None => is_level(part),
    };
    text.split(',').all(is_directive).then(|| text.to_owned())
}

/// One user name, or all names of a range of numbers of the same length.
pub(crate) fn users(text: &str) -> Option<Vec<String>> {
    if let Some((first, last)) = text.split_once('-').filter(|(a, b)| is_number(a) && is_number(b)) {
        let width = first.len();
        let (low, high): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        let sound = width == last.len() && low <= high && high - low < MAX_RANGE;
        return sound.then(|| (low..=high).map(|number| format!("{number:0width$}")).collect());
    }
    is_name(text).then(|| vec![text.to_owned()])
}

/// Whether a text may name a user, a room or a number: what is let through of a caller's number, too.
pub(crate) fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+*#._-".contains(c);
    (1..=32).contains(&text.len()) && text.chars().all(allowed)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("60 s"), Some(Duration::from_secs(60)));
        assert_eq!(duration("24h"), Some(Duration::from_secs(86_400)));
        for wrong in ["", "60", "s", "-1s", "1.5s", "99999999999999999999d", "18446744073709551615d"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn shares_leave_something_to_work_with() {
        assert_eq!((percent("20%"), percent("0 %"), percent("99%")), (Some(20), Some(0), Some(99)));
        for wrong in ["20", "100%", "-1%", "+1%", "1.5%", "%", "many%"] {
            assert_eq!(percent(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn listen_addresses_name_their_transport() {
        assert_eq!(listen("udp:127.0.0.1:5080"), Some((Transport::Udp, ([127, 0, 0, 1], 5080).into())));
        assert!(listen("tcp:[::1]:5080").is_some_and(|(_, address)| address.is_ipv6()));
        for wrong in ["127.0.0.1:5080", "tls:127.0.0.1:5061", "udp:localhost:5080", "udp:127.0.0.1"] {
            assert_eq!(listen(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn port_ranges_hold_a_pair() {
        assert_eq!(ports("20000-29999"), Some(20000..=29999));
        assert_eq!(ports("20000-20001"), Some(20000..=20001));
        for wrong in ["20000", "20001-20002", "20000-20000", "80-90", "30000-20000", "20000-70000"] {
            assert_eq!(ports(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn log_filters_name_levels() {
        for right in ["info", "WARN", "info,confab_sip=debug", "off,confab::control=trace"] {
            assert_eq!(log_filter(right).as_deref(), Some(right));
        }
        for wrong in ["", "loud", "info,", "confab_sip", "confab=loud", "=info", "a=b=info", "info, warn"] {
            assert_eq!(log_filter(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn user_ranges_keep_their_zeros() {
        assert_eq!(users("0008-0011").unwrap(), ["0008", "0009", "0010", "0011"]);
        assert_eq!(users("front-desk").unwrap(), ["front-desk"]);
        for wrong in ["", "1010-1001", "1-10000000", "98-100", "a b", "ü"] {
            assert_eq!(users(wrong), None, "{wrong}");
        }
    }
}
