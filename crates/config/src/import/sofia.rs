//! Sofia: what is listened on, and gateways.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::note::{Notes, Spot};
use super::toml::{Toml, bare, number, quoted};
use super::xml::Element;

/// Params of a profile that mean the same to every SIP server, or nothing without the rest of FreeSWITCH.
const SILENT_PARAMS: [&str; 41] = [
    "accept-blind-reg",
    "aggressive-nat-detection",
    "all-reg-options-ping",
    "apply-inbound-acl",
    "apply-nat-acl",
    "apply-register-acl",
    "auth-all-packets",
    "auth-subscriptions",
    "challenge-realm",
    "debug",
    "dialplan",
    "dtmf-duration",
    "dtmf-type",
    "force-publish-expires",
    "force-register-db-domain",
    "force-register-domain",
    "force-subscription-domain",
    "forward-unsolicited-mwi-notify",
    "hold-music",
    "inbound-late-negotiation",
    "inbound-reg-force-matching-username",
    "liberal-dtmf",
    "local-network-acl",
    "log-auth-failures",
    "manage-presence",
    "media-option",
    "nonce-ttl",
    "outbound-codec-prefs",
    "presence-hosts",
    "presence-privacy",
    "record-path",
    "record-template",
    "rfc2833-pt",
    "rtp-ip",
    "rtp-timer-name",
    "shutdown-on-fail",
    "sip-capture",
    "sip-trace",
    "user-agent-string",
    "use-rtp-timer",
    "watchdog-enabled",
];

/// `[sip]`, `[media]`, `[gateways.*]`
#[derive(Debug, Default)]
pub(super) struct Sofia {
    /// `udp:ADDRESS:PORT`
    listen: Vec<(String, Spot)>,
    advertise: Vec<(String, Spot)>,
    media: Vec<(&'static str, String, Spot)>,
    sip: Vec<(&'static str, String, Spot)>,
    gateways: Vec<Gateway>,
    /// Contexts that callers reach without a password; `None`: there is no profile that says so.
    pub(super) open: Option<BTreeSet<String>>,
}

#[derive(Debug)]
struct Gateway {
    name: String,
    spot: Spot,
    keys: Vec<(&'static str, String, Spot)>,
}

impl Sofia {
    pub(super) fn read(elements: &[Element], notes: &mut Notes) -> Self {
        let mut sofia = Self::default();
        let mut profiles = Vec::new();
        elements.iter().for_each(|element| element.find("configuration", "profile", &mut profiles));
        for profile in profiles.into_iter().filter(|profile| profile.named("settings").next().is_some()) {
            sofia.profile(profile, notes);
        }
        let mut gateways = Vec::new();
        elements.iter().for_each(|element| element.find("configuration", "gateway", &mut gateways));
        for gateway in gateways.into_iter().filter(|gateway| !gateway.params().is_empty()) {
            let name = gateway.text("name");
            if sofia.gateways.iter().all(|other| other.name != name) {
                sofia.gateways.push(read_gateway(gateway, notes));
            } else {
                notes.mistake(
                    &gateway.spot,
                    format!("the gateway `{name}` is here twice"),
                    "the first counts",
                );
            }
        }
        sofia
    }

    fn profile(&mut self, profile: &Element, notes: &mut Notes) {
        let params = profile.params();
        let value = |name: &str| params.iter().find(|(param, ..)| *param == name).map(|(_, value, _)| *value);
        let open = self.open.get_or_insert_default();
        if value("auth-calls") != Some("true") {
            open.insert(value("context").unwrap_or("public").to_owned());
        }
        let address = value("sip-ip").unwrap_or("$${local_ip_v4}").to_owned();
        for (name, value, spot) in params {
            self.param(name, value, &address, spot, notes);
        }
    }

    fn param(&mut self, name: &str, value: &str, address: &str, spot: &Spot, notes: &mut Notes) {
        match name {
            "sip-port" => self.listen(address, value, spot, notes),
            "sip-ip" | "context" | "auth-calls" => {}
            "ext-sip-ip" | "ext-rtp-ip" => self.outer(value, spot, notes),
            "rtp-timeout-sec" => self.timeout("rtp-timeout-sec", value, spot),
            "rtp-hold-timeout-sec" => self.timeout("rtp-hold-timeout-sec", value, spot),
            "inbound-codec-prefs" => self.codecs(value, spot, notes),
            "inbound-codec-negotiation" if value == "greedy" => {
                notes.left_out(spot, "inbound-codec-negotiation", "it is a key of [profiles.NAME]");
            }
            "inbound-codec-negotiation" => {}
            "enable-timer" => {
                self.sip("session-timers", if value == "false" { "off" } else { "preferred" }, spot)
            }
            "session-timeout" => self.number("session-expires", value, spot),
            "minimum-session-expires" => self.number("min-se", value, spot),
            "enable-100rel" => {
                self.sip("100rel", if value == "true" { "preferred" } else { "supported" }, spot)
            }
            name if name.starts_with("tls") || name.starts_with("ws") => {
                notes.left_out(spot, format!("`{name}`"), "this release speaks SIP over UDP and TCP");
            }
            name if SILENT_PARAMS.contains(&name) || name.starts_with("NDLB") => {}
            other => notes.left_out(spot, format!("the param `{other}` of a SIP profile"), ""),
        }
    }

    fn sip(&mut self, key: &'static str, value: &str, spot: &Spot) {
        self.keep_sip(key, quoted(value), spot);
    }

    fn number(&mut self, key: &'static str, value: &str, spot: &Spot) {
        self.keep_sip(key, number(value), spot);
    }

    fn timeout(&mut self, key: &'static str, value: &str, spot: &Spot) {
        if self.media.iter().all(|(other, ..)| *other != key) {
            self.media.push((key, number(value), spot.clone()));
        }
    }

    /// What the first profile says counts for all.
    fn keep_sip(&mut self, key: &'static str, value: String, spot: &Spot) {
        if self.sip.iter().all(|(other, ..)| *other != key) {
            self.sip.push((key, value, spot.clone()));
        }
    }

    fn listen(&mut self, address: &str, port: &str, spot: &Spot, notes: &mut Notes) {
        let address = match address.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            Ok(address) => address.to_string(),
            Err(_) => {
                let message = format!(
                    "the address `{address}` is found out by FreeSWITCH at its start; here it is loopback"
                );
                notes.changed(
                    spot,
                    message,
                    "write the machine's own address into sip.listen and media.address",
                );
                "127.0.0.1".to_owned()
            }
        };
        for transport in ["udp", "tcp"] {
            let socket = format!("{transport}:{address}:{port}");
            if self.listen.iter().all(|(other, _)| *other != socket) {
                self.listen.push((socket, spot.clone()));
            }
        }
    }

    /// The address that peers are told.
    fn outer(&mut self, value: &str, spot: &Spot, notes: &mut Notes) {
        if value.parse::<IpAddr>().is_ok() {
            if self.advertise.iter().all(|(other, _)| other != value) {
                self.advertise.push((value.to_owned(), spot.clone()));
            }
        } else if value.starts_with("stun:") || value.starts_with("auto") || value.starts_with("host:") {
            notes.left_out(
                spot,
                format!("the outer address `{value}`"),
                "write the address into sip.advertise",
            );
        }
    }

    fn codecs(&mut self, value: &str, spot: &Spot, notes: &mut Notes) {
        let mut codecs: Vec<&str> = Vec::new();
        for name in value.split(',').map(|name| name.split('@').next().unwrap_or_default().trim()) {
            match ["opus", "G722", "PCMU", "PCMA", "L16"]
                .into_iter()
                .find(|ours| ours.eq_ignore_ascii_case(name))
            {
                Some(codec) if !codecs.contains(&codec) => codecs.push(codec),
                Some(_) => {}
                None => notes.left_out(
                    spot,
                    format!("the codec `{name}`"),
                    "there are opus, G722, PCMU, PCMA and L16",
                ),
            }
        }
        if !codecs.is_empty() && self.media.iter().all(|(key, ..)| *key != "codecs") {
            self.media.push(("codecs", super::toml::list(&codecs), spot.clone()));
        }
    }

    pub(super) fn write(&self, toml: &mut Toml) {
        let spot = |list: &[(String, Spot)]| list.first().map(|(_, spot)| spot.clone());
        let values =
            |list: &[(String, Spot)]| list.iter().map(|(value, _)| value.clone()).collect::<Vec<_>>();
        toml.section("[sip]", None);
        toml.list("listen", &values(&self.listen), spot(&self.listen).as_ref());
        toml.list("advertise", &values(&self.advertise), spot(&self.advertise).as_ref());
        self.sip.iter().for_each(|(key, value, spot)| toml.raw(key, value, Some(spot)));
        toml.section("[media]", None);
        toml.comment("the ports for audio: see start and end of switch.conf.xml; keep clear of those of the system (32768 and above)");
        self.media.iter().for_each(|(key, value, spot)| toml.raw(key, value, Some(spot)));
    }

    pub(super) fn write_gateways(&self, toml: &mut Toml) {
        for gateway in &self.gateways {
            toml.section(&format!("[gateways.{}]", bare(&gateway.name)), Some(&gateway.spot));
            toml.comment(&format!("from {}", gateway.spot));
            gateway.keys.iter().for_each(|(key, value, spot)| toml.raw(key, value, Some(spot)));
        }
    }
}

fn read_gateway(element: &Element, notes: &mut Notes) -> Gateway {
    let params = element.params();
    let find = |name: &str| params.iter().find(|(param, ..)| *param == name).copied();
    let value = |name: &str| find(name).map(|(_, value, _)| value).filter(|value| !value.is_empty());
    let mut gateway =
        Gateway { name: element.text("name").to_owned(), spot: element.spot.clone(), keys: Vec::new() };
    let realm = value("realm").unwrap_or_else(|| element.text("name"));
    gateway.host(value("proxy").unwrap_or(realm), find("proxy").map_or(&element.spot, |(_, _, spot)| spot));
    for (name, value, spot) in &params {
        gateway.param(name, value, spot, notes);
    }
    let registers = value("register") != Some("false");
    gateway.key("register", registers.to_string(), &element.spot);
    // FreeSWITCH shows the gateway's user as the caller, unless it is told otherwise.
    let user = value("from-user").or_else(|| value("username"));
    if let Some(user) = user.filter(|_| value("caller-id-in-from") != Some("true")) {
        gateway.key("from_user", quoted(user), &element.spot);
    }
    gateway
}

impl Gateway {
    fn key(&mut self, key: &'static str, value: String, spot: &Spot) {
        self.keys.push((key, value, spot.clone()));
    }

    /// `host[:port][;transport=…]`
    fn host(&mut self, proxy: &str, spot: &Spot) {
        let proxy = proxy.trim_start_matches("sip:");
        let (place, parameters) = proxy.split_once(';').unwrap_or((proxy, ""));
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() && !host.ends_with(':') => (host, Some(port)),
            _ => (place, None),
        };
        self.key("host", quoted(host.trim_start_matches('[').trim_end_matches(']')), spot);
        port.iter().for_each(|port| self.key("port", (*port).to_owned(), spot));
        if parameters.contains("transport=tcp") {
            self.key("transport", quoted("tcp"), spot);
        }
    }

    fn param(&mut self, name: &str, value: &str, spot: &Spot, notes: &mut Notes) {
        match name {
            "username" => self.key("username", quoted(value), spot),
            "password" => self.key("password", quoted(value), spot),
            "realm" => self.key("realm", quoted(value), spot),
            "from-domain" => self.key("from_domain", quoted(value), spot),
            "expire-seconds" => self.key("expires", quoted(&format!("{value}s")), spot),
            "ping" => self.key("ping", quoted(&format!("{value}s")), spot),
            "register-transport"
                if value == "tcp" && self.keys.iter().all(|(key, ..)| *key != "transport") =>
            {
                self.key("transport", quoted("tcp"), spot);
            }
            "register-transport"
            | "proxy"
            | "register"
            | "from-user"
            | "caller-id-in-from"
            | "retry-seconds"
            | "extension-in-contact"
            | "cid-type"
            | "ping-max"
            | "ping-min" => {}
            "extension" => {
                notes.left_out(spot, "the `extension` of a gateway", "a [[routes]] with its number")
            }
            "register-proxy" | "outbound-proxy" => {
                notes.left_out(
                    spot,
                    format!("the `{name}` of a gateway"),
                    "`host` is where everything is sent",
                );
            }
            other => notes.left_out(spot, format!("the param `{other}` of gateways"), ""),
        }
    }
}
