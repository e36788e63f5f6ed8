//! The whole endpoint in virtual time: real messages between endpoints and scripted peers, no socket.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod calls;
mod chance;
mod digest;
mod events;
mod forking;
mod gateways;
mod loss;
mod model;
mod network;
mod peer;
mod refers;
mod refusals;
mod registration;
mod reliable;
mod replaces;
mod streams;
mod timers;
mod torture;
