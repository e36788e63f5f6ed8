//! What the end-to-end tests share: the server with `config/tutorial.toml` on free ports, and the tutorial's phones.
//!
//! Every prompt is a tone of its own, and so is every voice: "who hears what" is a measurement.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

pub mod crowd;
pub mod foreign;
pub mod log;
pub mod tones;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use confab::Server;
use confab_phone::{Call, Encoding, OnCall, Phone, PhoneConfig, Transport};
use tempfile::TempDir;

/// Long enough for anything that is to happen at once, also on a busy machine.
pub const SOON: Duration = Duration::from_secs(4);

/// The number that the trunk's caller shows.
pub const TRUNK_NUMBER: &str = "2125551111";

/// A running server and the far end of its gateway.
pub struct Bridge {
    server: Server,
    address: SocketAddr,
    tcp: SocketAddr,
    /// Whoever is called through `mygw` answers here.
    pub far_end: Phone,
    _sounds: TempDir,
}

impl Bridge {
    /// The tutorial's deployment.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// The tutorial's deployment with further `--set` overrides.
    pub async fn with(overrides: &[&str]) -> Self {
        Self::from_file(&tutorial(), overrides).await
    }

    /// The same deployment, as it is carried over from FreeSWITCH's configuration of it.
    pub async fn imported() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("imported.toml");
        std::fs::write(&file, confab_config::freeswitch(&seed()).unwrap().toml).unwrap();
        Self::from_file(&file, &[]).await
    }

    /// Rooms of every rate without a prompt, `support/rooms.toml`, with further `--set` overrides.
    pub async fn rooms(overrides: &[&str]) -> Self {
        Self::of("rooms.toml", overrides).await
    }

    /// A file of `support/` with further `--set` overrides.
    pub async fn of(file: &str, overrides: &[&str]) -> Self {
        Self::from_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("support").join(file), overrides).await
    }

    /// Another configuration file on free ports.
    pub async fn from_file(file: &Path, overrides: &[&str]) -> Self {
        let sounds = tones::folder();
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let far_end = Phone::start(PhoneConfig::listening(loopback).tone(tones::FAR_END)).await.unwrap();
        let mut all = vec![
            "sip.listen=[\"udp:127.0.0.1:0\", \"tcp:127.0.0.1:0\"]".to_owned(),
            format!("sounds.dir={}", sounds.path().display()),
            format!("gateways.mygw.port={}", far_end.local_addr().port()),
            "security.invites_per_second=1000".to_owned(),
        ];
        all.extend(overrides.iter().map(|text| (*text).to_owned()));
        let config = confab_config::load(file, &all).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
        let server = Server::start(config).await.unwrap();
        let of = |transport| server.addresses().iter().find(|(t, _)| *t == transport).unwrap().1;
        let (address, tcp) = (of(Transport::Udp), of(Transport::Tcp));
        Self { server, address, tcp, far_end, _sounds: sounds }
    }

    /// Where the server listens for SIP over UDP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the server listens for SIP over TCP.
    pub fn tcp_address(&self) -> SocketAddr {
        self.tcp
    }

    /// The first listening address that is as `wanted`.
    ///
    /// # Panics
    /// If none is.
    pub fn address_of(&self, wanted: impl Fn(&SocketAddr) -> bool) -> SocketAddr {
        let addresses = self.server.addresses().iter().map(|(_, address)| *address);
        addresses.into_iter().find(wanted).unwrap()
    }

    /// The settings of a phone that calls without an account.
    pub fn caller(&self, number: &str, tone: f32) -> PhoneConfig {
        PhoneConfig::new(self.address, number).tone(tone)
    }

    /// A member of `room` who is in its audio: by `codec`, with a voice of `hz`.
    pub async fn member(&self, room: &str, codec: Encoding, hz: f32) -> Member {
        self.member_as(room, self.caller("4155550001", hz).codecs([codec])).await
    }

    /// A member of `room` who is in its audio, with a phone of his own.
    pub async fn member_as(&self, room: &str, phone: PhoneConfig) -> Member {
        let phone = Phone::start(phone).await.unwrap();
        let call = phone.call(room).await.unwrap();
        call.wait_answered(SOON).await.unwrap();
        until("audio from the room", SOON, || (call.stream_report().packets > 0).then_some(())).await;
        Member { phone, call }
    }

    /// The external caller of the tutorial: not registered, shows a number and a name.
    pub async fn trunk(&self) -> Phone {
        Phone::start(self.caller(TRUNK_NUMBER, tones::TRUNK).display("Alice")).await.unwrap()
    }

    /// A registered phone that is asked about each call.
    pub async fn station(&self, user: &str, tone: f32) -> Phone {
        self.registered(self.caller(user, tone)).await
    }

    /// A registered phone that answers by itself.
    pub async fn answering(&self, user: &str, tone: f32) -> Phone {
        self.registered(self.caller(user, tone).on_call(OnCall::Answer(Duration::from_millis(100)))).await
    }

    /// Starts and registers a phone with the tutorial's password.
    pub async fn registered(&self, config: PhoneConfig) -> Phone {
        let phone = Phone::start(config.password("1234")).await.unwrap();
        phone.register().await.unwrap();
        phone
    }

    /// The trunk in 2002 with station 1004, both phones and both calls; 1004 is still muted.
    pub async fn two_in_a_room(&self) -> Two {
        let station = self.answering("1004", tones::STATION).await;
        let trunk = self.trunk().await;
        let at_trunk = trunk.call("2002").await.unwrap();
        at_trunk.wait_answered(SOON).await.unwrap();
        let at_station = station.next_answered(SOON).await.unwrap();
        at_station.wait_until_hears(tones::TRUNK, SOON).await.unwrap();
        Two { trunk, at_trunk, station, at_station }
    }

    /// As [`two_in_a_room`](Self::two_in_a_room), with 1004 unmuted and all prompts over.
    pub async fn talking(&self) -> Two {
        let two = self.two_in_a_room().await;
        two.at_station.press("0").await.unwrap();
        two.at_trunk.wait_until_hears(tones::STATION, SOON).await.unwrap();
        two.at_station
            .wait_until_silent_of(tones::prompt("conference/conf-unmuted.wav"), SOON)
            .await
            .unwrap();
        two.at_trunk.wait_until_silent_of(tones::prompt("conference/conf-welcome.wav"), SOON).await.unwrap();
        two
    }

    /// As [`talking`](Self::talking), while the phone of user 1005, whom 1004 has invited, rings.
    pub async fn ringing(&self) -> (Two, Phone) {
        let rings = self.caller("1005", tones::INVITED).on_call(OnCall::Ring);
        let phone = self.registered(rings).await;
        let two = self.talking().await;
        two.at_station.press("*11005#").await.unwrap();
        phone.wait_message(SOON, |m| m.text().starts_with("INVITE")).await.unwrap();
        (two, phone)
    }

    /// Ends the server; every call gets its BYE.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

/// A phone and its call to a room.
pub struct Member {
    /// The phone.
    pub phone: Phone,
    /// Its call.
    pub call: Call,
}

impl std::ops::Deref for Member {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

/// The two phones of the tutorial's conference.
pub struct Two {
    /// The external phone.
    pub trunk: Phone,
    /// Its call to 2002.
    pub at_trunk: Call,
    /// The extension.
    pub station: Phone,
    /// The call it got.
    pub at_station: Call,
}

/// `config/tutorial.toml`.
pub fn tutorial() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/tutorial.toml")
}

/// FreeSWITCH's configuration of the tutorial.
pub fn seed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/config/tests/freeswitch/seed")
}

/// Presses `#` and waits for the BYE, which comes before the key is up again.
///
/// # Panics
/// If the call goes on.
pub async fn leave_by_hash(call: &Call) {
    let _ended_while_the_key_was_down = call.press("#").await;
    call.wait_ended(SOON).await.unwrap();
}

/// Waits until there is `found`.
///
/// # Panics
/// If there is none within that time.
pub async fn until<T>(what: &str, within: Duration, found: impl Fn() -> Option<T>) -> T {
    let last = Instant::now() + within;
    loop {
        match found() {
            Some(found) => return found,
            None => assert!(Instant::now() < last, "no {what} within {within:?}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Lets `time` pass: for what must not happen in the meantime.
pub async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}
