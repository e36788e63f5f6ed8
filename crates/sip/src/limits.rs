//! Who asks too often: the rate of INVITEs, and the count of wrong passwords.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use crate::endpoint::Limits;

/// How many addresses are remembered for their failures, and as many for their bans; beyond it the lowest make room.
const REMEMBERED: usize = 65_536;

/// Counts events per key within the current second. It needs no timer and never outgrows one second's packets.
#[derive(Debug)]
pub(crate) struct Rate<K> {
    limit: u32,
    second: Option<Instant>,
    counts: BTreeMap<K, u32>,
}

impl<K: Ord> Rate<K> {
    /// At most `limit` per second and key.
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit, second: None, counts: BTreeMap::new() }
    }

    /// Counts one; whether it is within the limit.
    pub(crate) fn allows(&mut self, now: Instant, key: K) -> bool {
        let same = self.second.is_some_and(|second| now.saturating_duration_since(second).as_secs() < 1);
        if !same {
            self.second = Some(now);
            self.counts.clear();
        }
        let count = self.counts.entry(key).or_default();
        *count = count.saturating_add(1);
        *count <= self.limit
    }
}

/// Wrong passwords, per user and per address.
#[derive(Debug)]
pub(crate) struct Failures {
    limit: usize,
    window: Duration,
    ban: Duration,
    users: BTreeMap<String, VecDeque<Instant>>,
    addresses: BTreeMap<IpAddr, VecDeque<Instant>>,
    bans: BTreeMap<IpAddr, Instant>,
}

impl Failures {
    /// None yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            limit: limits.digest_failures as usize,
            window: limits.digest_failure_window,
            ban: limits.ban,
            users: BTreeMap::new(),
            addresses: BTreeMap::new(),
            bans: BTreeMap::new(),
        }
    }

    /// Counts one; whether the address is banned for it. `user` is `None` for a name that nobody has.
    pub(crate) fn count(&mut self, now: Instant, user: Option<&str>, address: IpAddr) -> bool {
        let (window, limit) = (self.window, self.limit);
        if let Some(user) = user {
            note(self.users.entry(user.to_owned()).or_default(), now, window, limit);
        }
        let address = network(address);
        make_room(&mut self.addresses);
        let times = self.addresses.entry(address).or_default();
        note(times, now, window, limit);
        let banned = times.len() >= limit;
        if banned {
            make_room(&mut self.bans);
            self.bans.insert(address, now + self.ban);
        }
        banned
    }

    /// Whether passwords of this user, or from this address, are not looked at now.
    pub(crate) fn exhausted(&self, now: Instant, user: &str, address: IpAddr) -> bool {
        let full = |times: &VecDeque<Instant>| {
            let recent = |at: &&Instant| now.saturating_duration_since(**at) < self.window;
            times.iter().filter(recent).count() >= self.limit
        };
        self.users.get(user).is_some_and(full) || self.addresses.get(&network(address)).is_some_and(full)
    }

    /// Whether packets from this address are dropped now.
    pub(crate) fn banned(&self, now: Instant, address: IpAddr) -> bool {
        self.bans.get(&network(address)).is_some_and(|until| now < *until)
    }
}

/// The unit that limits count by: an IPv4 address, or the /64 that one IPv6 host commonly has.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        other => other,
    }
}

fn note(times: &mut VecDeque<Instant>, now: Instant, window: Duration, limit: usize) {
    while times.len() >= limit.max(1)
        || times.front().is_some_and(|at| now.saturating_duration_since(*at) >= window)
    {
        times.pop_front();
    }
    times.push_back(now);
}

fn make_room<V>(map: &mut BTreeMap<IpAddr, V>) {
    if map.len() >= REMEMBERED {
        map.pop_first();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "one base; time is virtual from here on")]
    fn base() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_rate_counts_per_key_and_second() {
        let (now, mut rate) = (base(), Rate::new(2));
        let allowed = |rate: &mut Rate<u8>, ms: u64, key| rate.allows(now + Duration::from_millis(ms), key);
        let table =
            [(0, 1, true), (10, 1, true), (20, 1, false), (20, 2, true), (999, 1, false), (1000, 1, true)];
        for (ms, key, expected) in table {
            assert_eq!(allowed(&mut rate, ms, key), expected, "{ms} ms");
        }
    }

    #[test]
    fn ten_failures_exhaust_a_user_and_ban_an_address_for_a_while() {
        let (now, mut failures) = (base(), Failures::new(&Limits::default()));
        let (here, there) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        for n in 0..9 {
            assert!(!failures.count(now + Duration::from_secs(n), Some("1001"), here));
        }
        let tenth = now + Duration::from_secs(9);
        assert!(!failures.exhausted(tenth, "1001", here));
        assert!(failures.count(tenth, Some("1001"), here));
        assert!(failures.banned(tenth, here) && !failures.banned(tenth, there));
        assert!(failures.exhausted(tenth, "1001", there) && failures.exhausted(tenth, "1002", here));
        assert!(!failures.exhausted(tenth, "1002", there));
        assert!(!failures.banned(tenth + Duration::from_secs(300), here));
        assert!(failures.exhausted(tenth + Duration::from_secs(300), "1001", there));
        assert!(!failures.exhausted(now + Duration::from_secs(600), "1001", there));
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let mut failures = Failures::new(&Limits { digest_failures: 1, ..Limits::default() });
        let (now, one) = (base(), "2001:db8:1:2::1".parse().unwrap());
        failures.count(now, None, one);
        assert!(failures.banned(now, "2001:db8:1:2:ffff::9".parse().unwrap()));
        assert!(!failures.banned(now, "2001:db8:1:3::1".parse().unwrap()));
        failures.count(now, None, "::ffff:192.0.2.1".parse().unwrap());
        assert!(failures.banned(now, IpAddr::from([192, 0, 2, 1])));
    }
}
