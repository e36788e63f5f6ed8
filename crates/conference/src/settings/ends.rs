//! When a conference ends by itself.

use std::time::Duration;

/// When a conference ends by itself. All of it is also the operator's guard against rooms that never end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ends {
    /// `endconf-grace-time`: from the leaving of the last `endconf` member to the end.
    pub grace: Duration,
    /// `terminate-on-silence`: nobody has talked for so long.
    pub silence: Option<Duration>,
    /// The conference has lasted so long.
    pub max_duration: Option<Duration>,
    /// Before the end by duration the members are warned, so long before it each time.
    pub warnings: Vec<Duration>,
    /// How long an empty room keeps its name, its lock and its modes; zero: not at all.
    pub linger: Duration,
}
