//! RTP (RFC 3550), RTCP (RFC 3550, 3611), telephone-event (RFC 4733), the jitter buffer and the source latch of one audio
//! leg, and what its line is like.
//!
//! [`Inbound`] is what a leg receives with: it bundles [`Latch`], [`EventReceiver`], [`JitterBuffer`] and the receive
//! statistics. [`Outbound`] numbers and stamps what a leg sends. [`Quality`] tells how well both arrive, [`Evidence`] why
//! they do not. Media time is counted in units of the RTP clock, which is not the sample rate of every codec. Nothing here
//! allocates after its `new`.

mod bursts;
mod emodel;
mod event;
mod extension;
mod framing;
mod inbound;
mod jitter;
mod latch;
mod noise;
mod outbound;
mod packet;
mod quality;
pub mod rtcp;
mod statistics;
mod verdict;

pub use emodel::{Impairment, Score};
pub use event::{EventPacket, EventReceiver, EventSender};
pub use extension::{AudioLevel, Extension};
pub use framing::{Framing, LONGEST_PART_MS};
pub use inbound::{DropReason, Inbound, InboundConfig, InboundStats, Received};
pub use jitter::{Frame, Inserted, JitterBuffer, JitterConfig, JitterStats, Next};
pub use latch::{Judgement, Latch};
pub use noise::SpectralNoise;
pub use outbound::Outbound;
pub use packet::{Packet, RtpError, is_rtcp};
pub use quality::{Downlink, Quality, Sent, Uplink};
pub use statistics::ReceiveStatistics;
pub use verdict::{Evidence, Load, Verdict};
