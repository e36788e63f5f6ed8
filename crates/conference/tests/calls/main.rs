//! Whole calls in virtual time.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod controls;
mod endings;
mod invites;
mod model;
mod pin;
mod rooms;
mod script;
mod seed;
mod tutorial;
mod typing;
mod world;
