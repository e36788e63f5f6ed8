//! RTP (RFC 3550), telephone-event (RFC 4733), the jitter buffer and the source latch of one audio leg.
//!
//! [`Inbound`] is what a leg receives with: it bundles [`Latch`], [`EventReceiver`], [`JitterBuffer`] and the receive
//! statistics. [`Outbound`] numbers and stamps what a leg sends. Nothing here allocates after its `new`, but for [`rtcp`].

mod event;
mod inbound;
mod jitter;
mod latch;
mod outbound;
mod packet;
pub mod rtcp;
mod statistics;

pub use event::{EventPacket, EventReceiver, EventSender};
pub use inbound::{DropReason, Inbound, InboundConfig, InboundStats, Received};
pub use jitter::{Frame, Inserted, JitterBuffer, JitterConfig, JitterStats, Next};
pub use latch::{Latch, Verdict};
pub use outbound::Outbound;
pub use packet::{Packet, RtpError, is_rtcp};
pub use statistics::ReceiveStatistics;
