//! What a run does, as the command line says it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::Args;

use crate::wire::CodecName;

/// Who calls whom, how fast, and what is sent.
#[derive(Args, Clone, Debug)]
pub struct Plan {
    /// The server's SIP address, UDP
    #[arg(long, default_value = "127.0.0.1:5080")]
    pub server: SocketAddr,
    /// How many call
    #[arg(long, short = 'n', default_value_t = 100)]
    pub callers: usize,
    /// How many rooms they fill
    #[arg(long, conflicts_with = "per_room")]
    pub rooms: Option<usize>,
    /// How many share a room; without it and --rooms there is one room
    #[arg(long)]
    pub per_room: Option<usize>,
    /// The number to dial; {n} is the room's number from 0, {n:04} the same with four digits
    #[arg(long, default_value = "8{n:04}")]
    pub number: String,
    /// How many of each room talk
    #[arg(long, default_value_t = 3)]
    pub talkers: usize,
    /// What those send who do not talk
    #[arg(long, value_enum, default_value_t = Quiet::Noise)]
    pub quiet: Quiet,
    /// Tell the level of each packet in a header extension (RFC 6464), if the server wants it
    #[arg(long)]
    pub level_extension: bool,
    /// The codec
    #[arg(long, value_enum, default_value_t = CodecName::Pcmu)]
    pub codec: CodecName,
    /// The length of packets, ms
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(10..=60))]
    pub ptime: u32,
    /// New calls in a second until all are up
    #[arg(long, default_value_t = 100.0)]
    pub ramp: f64,
    /// How long to measure once all are up, s
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub time: f64,
    /// Calls that end, and are placed anew, in a second
    #[arg(long, default_value_t = 0.0)]
    pub churn: f64,
    /// So many of the first callers never end their calls
    #[arg(long, default_value_t = 0)]
    pub stay: usize,
    /// Keys that are pressed in a second, over all callers
    #[arg(long, default_value_t = 0.0)]
    pub keys: f64,
    /// Measure how long sound takes through the server, by bursts, instead of who hears whom
    #[arg(long)]
    pub latency: bool,
    /// Receivers that are listened to at one time
    #[arg(long, default_value_t = 64)]
    pub ears: usize,
    /// Our own address
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub bind: IpAddr,
    /// Which core runs what
    #[command(flatten)]
    pub cores: Cores,
}

/// Which core runs what.
#[derive(Args, Clone, Copy, Debug)]
pub struct Cores {
    /// Bind the server to this core, so that a core is what is measured; -1 leaves it free
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub server_core: i32,
    /// Bind ourselves to this core; -1 leaves us free
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    pub own_core: i32,
}

impl Cores {
    /// The server's core, if it has one of its own.
    pub fn server(self) -> Option<usize> {
        usize::try_from(self.server_core).ok()
    }

    /// Our core, if we have one of our own.
    pub fn own(self) -> Option<usize> {
        usize::try_from(self.own_core).ok()
    }
}

/// What a member sends who does not talk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Quiet {
    /// Digital silence
    Silence,
    /// Noise at -62 dBov
    Noise,
    /// Nothing but a packet of silence every 400 ms, as an encoder with DTX does
    Dtx,
}

impl Plan {
    /// A plan with the defaults of the command line, but for the server.
    pub fn against(server: SocketAddr) -> Self {
        Self {
            server,
            callers: 100,
            rooms: None,
            per_room: None,
            number: "8{n:04}".into(),
            talkers: 3,
            quiet: Quiet::Noise,
            level_extension: false,
            codec: CodecName::Pcmu,
            ptime: 20,
            ramp: 100.0,
            time: 10.0,
            churn: 0.0,
            stay: 0,
            keys: 0.0,
            latency: false,
            ears: 64,
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            cores: Cores { server_core: -1, own_core: -1 },
        }
    }

    /// Members of a room, at most.
    pub fn per_room(&self) -> usize {
        let rooms = self.rooms.unwrap_or(1).max(1);
        self.per_room.unwrap_or_else(|| self.callers.div_ceil(rooms)).max(1)
    }

    /// The number that reaches a room.
    pub fn number(&self, room: usize) -> String {
        let Some((before, rest)) = self.number.split_once("{n") else { return self.number.clone() };
        let Some((format, after)) = rest.split_once('}') else { return self.number.clone() };
        let width = format.trim_start_matches(':').parse().unwrap_or(0);
        format!("{before}{room:0width$}{after}")
    }

    /// How long is measured.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs_f64(self.time)
    }
}

/// A positive number of seconds.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.1..=86_400.0).contains(&seconds) { Ok(seconds) } else { Err("0.1 to 86400 s".into()) }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        plan: Plan,
    }

    fn plan(line: &str) -> Plan {
        Line::try_parse_from(format!("load {line}").split_whitespace()).unwrap().plan
    }

    #[test]
    fn callers_are_spread_over_rooms() {
        assert_eq!(plan("-n 100").per_room(), 100);
        assert_eq!(plan("-n 100 --rooms 33").per_room(), 4);
        assert_eq!(plan("-n 100 --per-room 2").per_room(), 2);
    }

    #[test]
    fn a_number_counts_rooms() {
        assert_eq!(plan("").number(7), "80007");
        assert_eq!(plan("--number 91{n}").number(12), "9112");
        assert_eq!(plan("--number 3000").number(12), "3000");
    }
}
