//! Session timers (RFC 4028): who refreshes a session, how often, and when it counts as dead.

use std::time::Duration;

use crate::endpoint::{Extension, PeerOptions};
use crate::message::{Headers, Invalid, Refresher, SessionExpires, header};

/// What is left of a session when it is ended for want of a refresh: so much, or a third of it (RFC 4028 §10).
const LAST_WORDS: Duration = Duration::from_secs(32);

/// The least Min-SE, which also holds where none is named (RFC 4028 §5).
const LEAST: Duration = Duration::from_secs(90);

/// What two sides agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionTimer {
    /// How long the session lasts without a refresh, s.
    seconds: u32,
    /// Whether we are to refresh it.
    pub(crate) ours: bool,
}

/// Why a request gets no timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoTimer {
    /// 400.
    Malformed,
    /// 422: the interval is below our Min-SE.
    TooSmall,
}

impl From<Invalid> for NoTimer {
    fn from(_: Invalid) -> Self {
        Self::Malformed
    }
}

impl SessionTimer {
    /// A timer of whole seconds.
    pub(crate) fn new(interval: Duration, ours: bool) -> Self {
        Self { seconds: interval.as_secs().try_into().unwrap_or(u32::MAX), ours }
    }

    /// How long the session lasts without a refresh.
    pub(crate) fn interval(self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }

    /// The timer that our response to a request grants (RFC 4028 §9). `can`: the peer knows the extension.
    pub(crate) fn granted(
        options: &PeerOptions,
        request: &Headers,
        can: bool,
    ) -> Result<Option<Self>, NoTimer> {
        if options.session_timers == Extension::Off {
            return Ok(None);
        }
        let least = min_se(request)?;
        let Some(wanted) = session_expires(request)? else {
            let wanted = options.session_timers >= Extension::Preferred;
            let interval = options.session_expires.max(options.min_se).max(least);
            return Ok(wanted.then_some(Self::new(interval, !can)));
        };
        if wanted.interval < options.min_se && can {
            return Err(NoTimer::TooSmall);
        }
        let longest = options.session_expires.max(least);
        let interval = wanted.interval.min(longest).max(options.min_se);
        let ours = !can || wanted.refresher == Some(Refresher::Uas);
        Ok(Some(Self::new(interval, ours)))
    }

    /// The timer that the 2xx to our request sets (RFC 4028 §7.2). Where the peer does not know the extension, we refresh
    /// all the same if it is preferred: our request's failure tells that the peer is gone.
    pub(crate) fn of_response(options: &PeerOptions, response: &Headers) -> Option<Self> {
        if options.session_timers == Extension::Off {
            return None;
        }
        match session_expires(response) {
            Ok(Some(set)) => {
                let interval = set.interval.max(options.min_se);
                Some(Self::new(interval, set.refresher != Some(Refresher::Uas)))
            }
            _ if options.session_timers >= Extension::Preferred => {
                Some(Self::new(options.session_expires.max(options.min_se), true))
            }
            _ => None,
        }
    }

    /// The Session-Expires of our response.
    pub(crate) fn in_response(self) -> String {
        self.header(if self.ours { Refresher::Uas } else { Refresher::Uac })
    }

    /// The Session-Expires of our request within the session.
    pub(crate) fn in_request(self) -> String {
        self.header(if self.ours { Refresher::Uac } else { Refresher::Uas })
    }

    /// When to refresh.
    pub(crate) fn refresh_after(self) -> Duration {
        self.interval() / 2
    }

    /// When to give the session up.
    pub(crate) fn ends_after(self) -> Duration {
        self.interval().saturating_sub(LAST_WORDS.min(self.interval() / 3))
    }

    fn header(self, refresher: Refresher) -> String {
        SessionExpires { interval: self.interval(), refresher: Some(refresher) }.to_string()
    }
}

/// Session-Expires, if there is one.
pub(crate) fn session_expires(headers: &Headers) -> Result<Option<SessionExpires>, Invalid> {
    headers.get(header::SESSION_EXPIRES).map(str::parse).transpose()
}

/// Min-SE, or what holds without one.
pub(crate) fn min_se(headers: &Headers) -> Result<Duration, Invalid> {
    let named: Option<SessionExpires> = headers.get(header::MIN_SE).map(str::parse).transpose()?;
    Ok(named.map_or(LEAST, |named| named.interval))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> Headers {
        let mut headers = Headers::new();
        lines.iter().for_each(|(name, value)| headers.push(name, value));
        headers
    }

    fn timer(seconds: u64, ours: bool) -> Option<SessionTimer> {
        Some(SessionTimer::new(Duration::from_secs(seconds), ours))
    }

    #[test]
    fn what_a_called_side_grants() {
        use Extension::{Off, Preferred, Supported};
        let table = [
            (Off, "600", "", true, Ok(None)),
            (Supported, "", "", true, Ok(None)),
            (Supported, "600", "", true, Ok(timer(600, false))),
            (Supported, "600;refresher=uas", "", true, Ok(timer(600, true))),
            (Supported, "600", "", false, Ok(timer(600, true))),
            (Supported, "3600", "", true, Ok(timer(1800, false))),
            (Supported, "3600", "2400", true, Ok(timer(2400, false))),
            (Supported, "60", "", true, Err(NoTimer::TooSmall)),
            (Supported, "60", "", false, Ok(timer(90, true))),
            (Preferred, "", "", true, Ok(timer(1800, false))),
            (Preferred, "", "", false, Ok(timer(1800, true))),
            (Supported, "soon", "", true, Err(NoTimer::Malformed)),
        ];
        for (session_timers, expires, min_se, can, granted) in table {
            let options = PeerOptions { session_timers, ..PeerOptions::default() };
            let lines = [(header::SESSION_EXPIRES, expires), (header::MIN_SE, min_se)];
            let lines: Vec<_> = lines.into_iter().filter(|(_, value)| !value.is_empty()).collect();
            assert_eq!(
                SessionTimer::granted(&options, &headers(&lines), can),
                granted,
                "{session_timers:?} {expires} {min_se} {can}"
            );
        }
    }

    #[test]
    fn what_a_response_sets() {
        use Extension::{Off, Preferred, Supported};
        let table = [
            (Off, "600;refresher=uac", None),
            (Supported, "600;refresher=uac", timer(600, true)),
            (Supported, "600;refresher=uas", timer(600, false)),
            (Supported, "600", timer(600, true)),
            (Supported, "1;refresher=uac", timer(90, true)),
            (Supported, "", None),
            (Preferred, "", timer(1800, true)),
            (Preferred, "soon", timer(1800, true)),
        ];
        for (session_timers, expires, set) in table {
            let options = PeerOptions { session_timers, ..PeerOptions::default() };
            let lines = [(header::SESSION_EXPIRES, expires)];
            let lines = if expires.is_empty() { &[][..] } else { &lines[..] };
            assert_eq!(
                SessionTimer::of_response(&options, &headers(lines)),
                set,
                "{session_timers:?} {expires}"
            );
        }
    }

    #[test]
    fn a_session_is_given_up_before_it_runs_out() {
        let ends = |seconds| timer(seconds, false).map(|timer| timer.ends_after().as_secs());
        assert_eq!((ends(90), ends(96), ends(1800)), (Some(60), Some(64), Some(1768)));
    }
}
