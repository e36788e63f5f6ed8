//! Counters: nothing is lost silently.

/// What an endpoint has taken, sent, refused and dropped since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Messages handed in.
    pub received: u64,
    /// Messages handed out.
    pub sent: u64,
    /// Messages sent again by a timer or because the peer repeated its own.
    pub retransmitted: u64,
    /// Messages that could not be understood; some of them were answered 4xx.
    pub malformed: u64,
    /// Messages of a banned IP address, dropped.
    pub banned: u64,
    /// Requests refused with a final response, stateless or not.
    pub refused: u64,
    /// Digest challenges sent.
    pub challenged: u64,
    /// Credentials that were wrong.
    pub digest_failures: u64,
    /// Credentials that were not looked at any more, since too many had been wrong.
    pub digest_unchecked: u64,
    /// INVITEs above the rate of an IP address.
    pub rate_limited: u64,
    /// Requests refused because a table was full.
    pub table_full: u64,
    /// Requests dropped since no answer was possible.
    pub dropped_requests: u64,
    /// Responses that matched no transaction, dropped.
    pub stray_responses: u64,
    /// ACKs that matched nothing, dropped.
    pub stray_acks: u64,
    /// Challenges by peers that we do not answer.
    pub challenges_ignored: u64,
    /// Replies that were not sent because they would have amplified the request.
    pub oversized: u64,
    /// Transactions that ended by a timer without what they waited for.
    pub timeouts: u64,
    /// Calls ended because nobody refreshed their session.
    pub sessions_expired: u64,
    /// Flows that failed under a transaction.
    pub flow_failures: u64,
    /// `Refused` events withheld by the log's rate bound.
    pub events_suppressed: u64,
    /// Transactions alive now.
    pub transactions: usize,
    /// Calls alive now.
    pub calls: usize,
    /// Calls offered to us since the start.
    pub calls_in: u64,
    /// Calls placed by us since the start.
    pub calls_out: u64,
}
