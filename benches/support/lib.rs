//! Nothing: Cargo wants a library or a binary in every package, and this one consists of benches.
