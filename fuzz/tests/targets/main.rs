//! The fuzz targets. Each is one function that must not panic and holds what it reads to a few invariants.

mod decoders;
mod digest;
mod dtmf;
mod focus;
mod message;
mod rtp_rtcp;
mod sdp;
mod stream;
mod waveforms;
