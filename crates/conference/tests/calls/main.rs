//! Whole calls in virtual time.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod actions;
mod announcements;
mod churn;
mod controls;
mod door;
mod endings;
mod ends;
mod floor;
mod invites;
mod invites_confirm;
mod invites_hunt;
mod invites_limits;
mod invites_races;
mod invites_setup;
mod invites_shared;
mod invites_sounds;
mod lookups;
mod meeting;
mod members;
mod model;
mod naming;
mod pin;
mod places;
mod recording;
mod refers;
mod replaces;
mod rooms;
mod roster;
mod script;
mod seed;
mod sounds;
mod talk;
mod transfers;
mod tutorial;
mod typing;
mod world;
