//! SIP: messages, transactions, dialogs, digest, registrar, gateways.

mod clean;
mod dialog;
mod digest;
mod endpoint;
mod limits;
mod message;
mod registrar;
mod stream;
mod transaction;
mod transport;

pub use digest::{Algorithm, Challenge, Credentials, Secret, Verdict, Verifier, digest_response};
pub use endpoint::{
    Admission, AdmitAll, By, CallRef, Caller, Cause, End, Endpoint, EndpointConfig, Event, Gateway, Identity,
    Input, InviteSummary, Limits, Listener, Outgoing, PingRef, PlaceError, Reason, Refusal, RegistrarConfig,
    Stats, Target, Timers, User,
};
pub use limits::network;
pub use message::{
    CSeq, Contacts, Headers, Host, Invalid, Message, Method, NameAddr, Params, ParseError, ParseErrorKind,
    Request, Response, Scheme, Uri, Via, header, reason_phrase,
};
pub use stream::{Frame, StreamError, StreamReader};
pub use transport::{ConnectionId, Flow, Transmit, Transport};
