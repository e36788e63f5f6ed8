//! What an endpoint tells its owner.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::message::{Request, Uri, header};

/// One call; a number is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallRef(pub u64);

/// One ping by OPTIONS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PingRef(pub u64);

/// One subscription to what we know: to a conference's state, or to what becomes of a REFER.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionRef(pub u64);

/// Who asks a focus for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Who is in a call with us, in its dialog.
    Call(CallRef),
    /// A user of ours, outside of calls.
    User {
        /// Whose password was shown.
        user: String,
        /// The user part of the request URI, unescaped.
        dialled: String,
    },
}

impl Asker {
    /// The user of ours, outside of calls.
    pub(super) fn user(&self) -> Option<&str> {
        match self {
            Self::Call(_) => None,
            Self::User { user, .. } => Some(user),
        }
    }
}

/// What a REFER to a focus asks for (RFC 4579 §5.5, §5.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferMethod {
    /// To call somebody into the conference.
    Invite,
    /// To put somebody out of it.
    Bye,
}

/// What a caller sends along as the PIN of a conference, unchecked. `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct SuppliedPin(String);

impl SuppliedPin {
    /// FreeSWITCH's `X-ConfPin`: a header field, or a parameter of the request URI.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let uri: Option<Uri> = request.uri.parse().ok();
        let in_uri = uri.as_ref().and_then(|uri| uri.params.get(header::X_CONF_PIN));
        request.headers.get(header::X_CONF_PIN).or(in_uri).map(|pin| Self(pin.to_owned()))
    }

    /// What was sent.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SuppliedPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SuppliedPin(..)")
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A new call from a peer; it has been admitted and got its 100.
    Offered {
        /// The new call.
        call: CallRef,
        /// Who calls, cleaned of all that is no number or name.
        caller: Caller,
        /// The user of ours whose password was shown.
        authenticated: Option<String>,
        /// The gateway from whose address it came.
        gateway: Option<String>,
        /// The user part of the request URI, unescaped.
        dialled: String,
        /// Where the INVITE came from.
        source: SocketAddr,
        /// The call whose place it is to take (RFC 3891). It has not been asked whether it is admitted.
        replaces: Option<CallRef>,
        /// The PIN that came with it.
        pin: Option<SuppliedPin>,
        /// The offer, unless the peer wants ours.
        sdp: Option<Bytes>,
    },
    /// The ACK of our 200 came.
    Confirmed {
        /// The call.
        call: CallRef,
        /// The answer, when the offer was ours.
        sdp: Option<Bytes>,
    },
    /// An outgoing call got a provisional response; told once for each status.
    Progress {
        /// The call.
        call: CallRef,
        /// 180 to 189.
        status: u16,
    },
    /// An outgoing call got its 2xx; the ACK is sent.
    Answered {
        /// The call.
        call: CallRef,
        /// The answer.
        sdp: Option<Bytes>,
    },
    /// A re-INVITE or UPDATE with a new offer; to be answered by `accept_offer` or `refuse_offer`.
    Offer {
        /// The call.
        call: CallRef,
        /// The offer; `None`: the peer wants ours.
        sdp: Option<Bytes>,
    },
    /// Our re-INVITE was accepted, or the peer sent the answer to the offer that it had asked for.
    OfferAnswered {
        /// The call.
        call: CallRef,
        /// The answer.
        sdp: Option<Bytes>,
    },
    /// Our re-INVITE failed; the session goes on as it was.
    OfferRefused {
        /// The call.
        call: CallRef,
        /// The final status.
        status: u16,
    },
    /// A SIP INFO with a body; it has been answered 200.
    Info {
        /// The call.
        call: CallRef,
        /// The body's type in lower case, without parameters.
        content_type: String,
        /// The body.
        body: Bytes,
    },
    /// The answer to an OPTIONS within a call, or its absence.
    Asked {
        /// The call.
        call: CallRef,
        /// The final status; `None` when nothing came in time.
        status: Option<u16>,
    },
    /// A user wants to hear of a conference's state (RFC 4575); to be answered by `accept_subscription` or
    /// `refuse_subscription`.
    Subscribed {
        /// The new subscription.
        subscription: SubscriptionRef,
        /// Who asks.
        asker: Asker,
        /// The URI of the conference, as our Contact has it for him.
        conference: String,
    },
    /// The state is to be told in full, by `notify`: the subscription has been accepted or refreshed.
    Refreshed {
        /// The subscription.
        subscription: SubscriptionRef,
        /// Whether it ends with that NOTIFY.
        last: bool,
    },
    /// The last NOTIFY was taken: the next one may be sent.
    Notified {
        /// The subscription.
        subscription: SubscriptionRef,
    },
    /// A subscription is over without a word of the owner's.
    Unsubscribed {
        /// The subscription.
        subscription: SubscriptionRef,
    },
    /// A REFER to a focus; to be answered by `accept_refer` or `refuse_subscription`.
    Referred {
        /// What `refer_progress` is told for.
        subscription: SubscriptionRef,
        /// Who asks.
        asker: Asker,
        /// Whom it is about: a user part of our domain, or a number, of `[0-9A-Za-z+*#._-]{1,32}`.
        number: String,
        /// What is asked for.
        method: ReferMethod,
    },
    /// A NOTIFY within a call in which we have subscribed; it has been answered 200.
    Notify {
        /// The call.
        call: CallRef,
        /// The event package, in lower case.
        package: String,
        /// The value of Subscription-State.
        state: String,
        /// The body.
        body: Bytes,
    },
    /// The final response to a request of `send_within_call`, or its absence.
    Replied {
        /// The call.
        call: CallRef,
        /// The final status; `None` when nothing came in time.
        status: Option<u16>,
    },
    /// The call is over: exactly once for each call, always its last event.
    Ended {
        /// The call.
        call: CallRef,
        /// How it ended.
        end: End,
    },
    /// A user of ours made or refreshed a binding.
    Registered {
        /// The user.
        user: String,
        /// The contact URI as it registered.
        contact: String,
        /// Where the REGISTER came from; calls go there.
        source: SocketAddr,
        /// The binding's life.
        expires: Duration,
    },
    /// A binding is gone.
    Unregistered {
        /// The user.
        user: String,
        /// The contact URI.
        contact: String,
        /// Whether its time ran out, rather than that the phone removed it.
        expired: bool,
    },
    /// A gateway's registration or ping changed its state.
    GatewayState {
        /// The gateway's name.
        gateway: String,
        /// Whether calls can go there.
        up: bool,
        /// The response that told so; `None`: there was none.
        status: Option<u16>,
    },
    /// The answer to a ping, or its absence.
    Pong {
        /// The ping.
        ping: PingRef,
        /// The final status; `None` when nothing came in time.
        status: Option<u16>,
    },
    /// A request was refused or dropped; for the log. The rate of these is bounded, the counters are complete.
    Refused {
        /// Where it came from.
        source: SocketAddr,
        /// Its method.
        method: String,
        /// The status it got; 0 when it was dropped.
        status: u16,
        /// One line without control characters.
        why: String,
    },
}

/// Who calls, cleaned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// `[0-9A-Za-z+*#._-]{1,32}`, or `anonymous`.
    pub user: String,
    /// Printable text of at most 64 characters.
    pub display: Option<String>,
    /// The host of the From URI.
    pub host: String,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The final failure status of an INVITE (both ways), if there was one.
    pub status: Option<u16>,
    /// Who ended it.
    pub by: By,
    /// The Reason header or reason phrase, cleaned.
    pub reason: Option<String>,
}

/// Who ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Our side asked for it.
    Us,
    /// The peer: BYE, CANCEL or a final response.
    Peer,
    /// Nothing came in time.
    Timeout,
    /// The way to the peer broke.
    Transport,
}

/// Why we end a call (RFC 3326).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The Q.850 cause value.
    pub q850: u16,
    /// Its name.
    pub text: &'static str,
}

impl Cause {
    /// 16: the call ends because someone wants it to.
    pub const NORMAL_CLEARING: Self = Self { q850: 16, text: "NORMAL_CLEARING" };
    /// 17: the called user is busy.
    pub const USER_BUSY: Self = Self { q850: 17, text: "USER_BUSY" };
    /// 19: nobody answered in time.
    pub const NO_ANSWER: Self = Self { q850: 19, text: "NO_ANSWER" };
    /// 21: the call was declined.
    pub const CALL_REJECTED: Self = Self { q850: 21, text: "CALL_REJECTED" };
    /// 26: another device of the user answered.
    pub const LOSE_RACE: Self = Self { q850: 26, text: "LOSE_RACE" };
    /// 41: the server goes down or fails.
    pub const TEMPORARY_FAILURE: Self = Self { q850: 41, text: "NORMAL_TEMPORARY_FAILURE" };
    /// 88: no common codec.
    pub const INCOMPATIBLE_DESTINATION: Self = Self { q850: 88, text: "INCOMPATIBLE_DESTINATION" };
    /// 102: a timer ran out.
    pub const RECOVERY_ON_TIMER_EXPIRE: Self = Self { q850: 102, text: "RECOVERY_ON_TIMER_EXPIRE" };

    /// The value of a Reason header.
    pub fn header(self) -> String {
        format!("Q.850;cause={};text=\"{}\"", self.q850, self.text)
    }
}
