//! A scriptable SIP/RTP phone for tests, load and operators.
//!
//! [`Phone`] is one account or one gateway on a socket of its own. It registers, calls and is called; each
//! [`Call`] sends a tone, a WAV file or silence, presses keys, holds, records, and tells by tone detection whom it
//! hears ([`Heard`]) and whether the stream it gets was ever broken ([`StreamReport`]).
//!
//! ```no_run
//! # async fn example() -> Result<(), confab_phone::PhoneError> {
//! use std::time::Duration;
//! use confab_phone::{Phone, PhoneConfig};
//!
//! let server = "127.0.0.1:5080".parse().unwrap();
//! let phone = Phone::start(PhoneConfig::new(server, "1001").password("1234").tone(440.0)).await?;
//! phone.register().await?;
//! let call = phone.call("2002").await?;
//! call.wait_answered(Duration::from_secs(5)).await?;
//! call.press("*1").await?;
//! call.wait_until_hears(600.0, Duration::from_secs(10)).await?;
//! call.hang_up();
//! # Ok(()) }
//! ```
//!
//! All phones of a process share one background thread, so hundreds of calls cost no more than their packets.

mod agent;
mod call;
pub mod cli;
mod config;
mod error;
mod heard;
mod media;
mod phone;
mod runtime;
mod script;
mod trace;

pub use call::{Call, CallState, Ended, Hold, IncomingCall, Notice, Stage};
pub use confab_codec::Opus;
pub use confab_rtp::rtcp::VoipMetrics;
pub use confab_sdp::Encoding;
pub use confab_sip::{By, Caller, Extension, PeerOptions, Replaces, Transport};
pub use config::{Keys, OnCall, PhoneConfig};
pub use error::PhoneError;
pub use heard::{HEARS_DBOV, Heard, RtcpReport, StreamReport};
pub use media::{Impairment, KeyTiming, Reception, Sound, Source, Stranger};
pub use phone::Phone;
pub use script::{Script, ScriptError, Step};
pub use trace::{Traced, Way};
