//! Why a description was refused, in terms of SIP.

use std::net::SocketAddr;

/// Why a description was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdpError {
    /// The body is no session description.
    #[error("malformed session description: {0}")]
    Malformed(String),
    /// There is audio, but in no encoding that we know.
    #[error("no common codec: offered {offered}, known here: {known}")]
    NoCommonCodec {
        /// The peer's payload types as it wrote them, cut to a readable length.
        offered: String,
        /// What we would have taken, as in `a=rtpmap`.
        known: String,
    },
    /// No audio stream that we can take part in.
    #[error("no usable audio stream")]
    NoAudio,
    /// More media streams than anyone needs.
    #[error("too many media streams")]
    TooManyStreams,
    /// The peer wants its media sent to an address that we do not send to.
    #[error("media address {0} refused")]
    BadAddress(SocketAddr),
    /// The description has no connection address, or one that is no IP address.
    #[error("no connection address")]
    NoAddress,
    /// An answer came though nothing was offered.
    #[error("answer without an offer")]
    NoOffer,
}

impl SdpError {
    /// The status to refuse the request with: 400 for what is no description, 488 else (RFC 3261 §21.4.26).
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            _ => 488,
        }
    }

    /// The value of a Warning header without its agent: warn-code and text (RFC 3261 §20.43).
    #[must_use]
    pub fn warning(&self) -> (u16, String) {
        let code = match self {
            Self::NoCommonCodec { .. } => 305,
            Self::NoAudio | Self::TooManyStreams => 304,
            Self::BadAddress(_) | Self::NoAddress => 301,
            Self::Malformed(_) | Self::NoOffer => 399,
        };
        (code, self.to_string())
    }
}

/// The peer's text for people and headers: short, printable, without quotes.
pub(crate) fn readable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).take(80).collect()
}
