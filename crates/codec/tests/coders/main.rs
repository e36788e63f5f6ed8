//! Coders and resamplers together, as a room joins them.

mod allocations;
mod pairs;
