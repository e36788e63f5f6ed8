//! What can go wrong with a phone.

use std::path::PathBuf;
use std::time::Duration;

use confab_sdp::SdpError;
use confab_sip::PlaceError;

/// Why a phone could not do as it was told, or did not see what was waited for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PhoneError {
    /// A socket could not be opened.
    #[error("network: {0}")]
    Io(#[from] std::io::Error),
    /// The call could not even be tried.
    #[error("call: {0}")]
    Place(#[from] PlaceError),
    /// The phone has no server to call or register with.
    #[error("this phone has no server")]
    NoServer,
    /// What was waited for did not come in time.
    #[error("no {what} within {} ms", .within.as_millis())]
    Timeout {
        /// What was waited for.
        what: String,
        /// For how long.
        within: Duration,
    },
    /// The peer said no: to a REGISTER, an INVITE or a re-INVITE.
    #[error("{what} was refused: {}", status_text(.status))]
    Refused {
        /// What was refused.
        what: &'static str,
        /// The final status, if one came.
        status: Option<u16>,
    },
    /// The call is over.
    #[error("the call has ended")]
    Ended,
    /// The session description of the peer is of no use.
    #[error("SDP: {0}")]
    Sdp(#[from] SdpError),
    /// A character that is no key.
    #[error("{0:?} is not a key; keys are 0-9 * # A-D")]
    Key(char),
    /// The peer did not negotiate telephone-event.
    #[error("the peer takes no telephone-event")]
    NoEvents,
    /// Nothing can be sent now.
    #[error("the call is on hold")]
    OnHold,
    /// A file cannot be played.
    #[error("{}: {source}", .path.display())]
    Sound {
        /// The file.
        path: PathBuf,
        /// Why.
        source: confab_codec::AudioFileError,
    },
    /// A file cannot be read, or a recording not written.
    #[error("{}: {source}", .path.display())]
    Wav {
        /// The file.
        path: PathBuf,
        /// Why.
        source: hound::Error,
    },
}

fn status_text(status: &Option<u16>) -> String {
    status.map_or_else(
        || "no answer".into(),
        |status| format!("{status} {}", confab_sip::reason_phrase(status)),
    )
}
