//! The torture messages of RFC 4475 and RFC 5118: the answer that the RFC advises to a user agent. Where it leaves the
//! choice, the table says what ours is.

use crate::network::*;

const SERVER: &str = "10.0.0.1:5080";

macro_rules! torture {
    ($($name:literal => $status:expr),* $(,)?) => {
        [$(($name, &include_bytes!(concat!("../torture/", $name, ".dat"))[..], $status)),*]
    };
}

#[test]
fn each_message_gets_the_answer_that_the_rfc_advises() {
    let table: [(&str, &[u8], Option<u16>); 61] = torture! {
        // Valid: taken, or refused for what it asks.
        "wsinv" => Some(481),
        "intmeth" => Some(501),
        "esc01" => Some(100),
        "escnull" => Some(401),
        "esc02" => Some(501),
        "lwsdisp" => Some(200),
        "longreq" => Some(100),
        "dblreq" => Some(401),
        "semiuri" => Some(200),
        "transports" => Some(200),
        "mpart01" => Some(405),
        "unreason" => None,
        "noreason" => None,
        // Invalid.
        "badinv01" => Some(400),
        "clerr" => Some(400),
        "ncl" => Some(400),
        "scalar02" => Some(400),
        "scalarlg" => None,
        "quotbal" => Some(400),
        "ltgtruri" => Some(400),
        "lwsruri" => Some(400),
        "lwsstart" => Some(400),
        "trws" => Some(400),
        "escruri" => Some(400),
        // A Date is of no use to us: overlooked, as the RFC allows.
        "baddate" => Some(100),
        "regbadct" => Some(400),
        "badaspec" => Some(400),
        // So is a display name that should have been quoted.
        "baddn" => Some(200),
        "badvers" => Some(505),
        "mismatch01" => Some(400),
        "mismatch02" => Some(400),
        "bigcode" => None,
        // Transaction layer and application.
        "badbranch" => Some(200),
        "insuf" => Some(400),
        "unkscm" => Some(416),
        "novelsc" => Some(416),
        "unksm2" => Some(400),
        "bext01" => Some(420),
        "invut" => Some(415),
        "regaut01" => Some(401),
        "multi01" => Some(400),
        "mcl01" => Some(400),
        "bcast" => None,
        "zeromf" => Some(200),
        "cparam01" => Some(401),
        "cparam02" => Some(401),
        "regescrt" => Some(401),
        "sdp01" => Some(406),
        "inv2543" => Some(100),
        // RFC 5118.
        "ipv6-good" => Some(401),
        "ipv6-bad" => Some(400),
        "port-ambiguous" => Some(401),
        "port-unambiguous" => Some(401),
        "via-received-param-with-delim" => Some(481),
        "via-received-param-no-delim" => Some(200),
        "ipv6-in-sdp" => Some(404),
        "mult-ip-in-header" => Some(481),
        "mult-ip-in-sdp" => Some(404),
        "ipv4-mapped-ipv6" => Some(100),
        "ipv6-correct-abnf-2-colons" => Some(200),
        "ipv6-bug-abnf-3-colons" => Some(200),
    };
    let mut wrong = Vec::new();
    for (name, bytes, status) in table {
        let mut net = Network::new();
        let server = net.endpoint(SERVER, server());
        let peer = net.scripted("10.0.7.1:5060");
        net.send(peer, server, bytes.to_vec().into());
        net.run_ms(30);
        // Not as parsed messages: the replies repeat what was malformed.
        let from_server = net.log.iter().filter(|(from, ..)| *from == server);
        let lines: Vec<&str> = from_server.filter_map(|(_, _, text)| text.lines().next()).collect();
        let first = lines.first().and_then(|line| line.get(8..11)?.parse().ok());
        if first != status || lines.len() > 1 {
            wrong.push(format!("{name}: {status:?} expected, got {lines:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
