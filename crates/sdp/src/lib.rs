//! Session descriptions (RFC 8866) and the offer/answer model (RFC 3264) for one audio stream.
//!
//! [`Session`] is the offer/answer state of one call leg. It is fed the bodies of SIP messages and gives bodies and the
//! negotiated [`Stream`] back. What it cannot read in a description it ignores, line by line, as long as what is
//! left makes sense.

mod choice;
mod description;
mod encoding;
mod error;
mod formats;
mod opus;
mod session;
mod stream;
mod write;

pub use encoding::Encoding;
pub use error::SdpError;
pub use opus::OpusParameters;
pub use session::Session;
pub use stream::{Direction, Events, Local, Preference, Stream};
