//! SIP: messages, transactions, dialogs, digest, registrar, gateways.

mod clean;
mod dialog;
mod digest;
mod endpoint;
mod label;
mod limits;
mod message;
mod registrar;
mod stream;
mod transaction;
mod transport;

pub use digest::{Algorithm, Challenge, Credentials, Secret, Verdict, Verifier, digest_response};
pub use endpoint::{
    Admission, AdmitAll, Asker, By, CallRef, Caller, Cause, End, Endpoint, EndpointConfig, Event, Extension,
    Gateway, Identity, Input, InviteSummary, Limits, Listener, Outgoing, PeerOptions, PingRef, PlaceError,
    Reason, ReferMethod, Refusal, RegistrarConfig, Stats, SubscriptionRef, SuppliedPin, Target, Timers, User,
};
pub use limits::network;
pub use message::{
    CSeq, Contacts, Headers, Host, Invalid, Message, Method, NameAddr, Package, Params, ParseError,
    ParseErrorKind, RAck, Refresher, Replaces, Request, Response, Scheme, SessionExpires, Uri, Via, header,
    reason_phrase,
};
pub use stream::{Frame, StreamError, StreamReader};
pub use transport::{ConnectionId, Flow, Transmit, Transport};
