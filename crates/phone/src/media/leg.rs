//! The task that carries the audio of one call.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use confab_codec::{Codec, CodecError, Opus};
use confab_rtp::rtcp::Report;
use confab_rtp::{EventReceiver, Packet, rtcp};
use confab_sdp::Stream;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Interval, MissedTickBehavior};

use super::format::{Format, codec};
use super::impairment::Network;
use super::receiver::Receiver;
use super::reception::Peer;
use super::sender::Sender;
use super::socket::bind_pair;
use super::source::Player;
use super::{Impairment, KeyTiming, Reception, Source};
use crate::call::Reply;
use crate::config::PhoneConfig;
use crate::error::PhoneError;
use crate::heard::{Arrived, Header, Heard};
use crate::runtime;

/// The largest datagram that is taken as RTP or RTCP.
const DATAGRAM: usize = 8192;

/// The interval of our sender reports.
const REPORTS: Duration = Duration::from_secs(5);

/// The audio of a call as its owner and its users hold it.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    local: SocketAddr,
    orders: mpsc::UnboundedSender<Order>,
    heard: Heard,
    opus: Opus,
    ptime_ms: u8,
}

#[derive(Debug)]
enum Order {
    Run(Stream, Codec, u8),
    Move(UdpSocket, UdpSocket),
    SendRtp(Bytes),
    SendRtcp(Bytes),
    Play(Source),
    Impair(Impairment),
    Report(Reception),
    PressEvent(char, KeyTiming, Reply<()>),
    PressInBand(char, KeyTiming, Reply<()>),
    Stop,
}

impl Leg {
    /// Opens the sockets and starts the task; it only listens until it is told to run.
    pub(crate) fn open(config: &PhoneConfig) -> io::Result<Self> {
        let (rtp, rtcp) = bind_pair(config.bind.ip())?;
        let local = rtp.local_addr()?;
        let _in_runtime = runtime::handle().enter();
        let (orders, inbox) = mpsc::unbounded_channel();
        let heard = Heard::new(config.keep);
        let task = Task {
            rtp: UdpSocket::from_std(rtp)?,
            rtcp: UdpSocket::from_std(rtcp)?,
            cname: format!("phone@{local}"),
            heard: heard.clone(),
            player: Player::new(config.source.clone(), Format::NARROW.rate),
            sender: Sender::new(rand::random()),
            clock_error_ppm: config.clock_error_ppm,
            network: config.impairment.map(Network::new),
            receiver: None,
            stream: None,
            keys: EventReceiver::new(Format::NARROW.clock_rate),
            peer: Peer::default(),
            reception: None,
            reports: config.rtcp,
        };
        runtime::handle().spawn(task.run(inbox));
        Ok(Self { local, orders, heard, opus: config.opus, ptime_ms: config.ptime_ms })
    }

    /// Where RTP is received.
    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    pub(crate) fn heard(&self) -> &Heard {
        &self.heard
    }

    /// Sends as negotiated from now on.
    pub(crate) fn run(&self, stream: Stream) {
        let codec = codec(stream.encoding, self.ptime_ms, self.opus);
        self.heard.tune(Format::of(codec));
        let _ = self.orders.send(Order::Run(stream, codec, self.ptime_ms));
    }

    /// Sends packets of another length when it is told to run the next time.
    pub(crate) fn set_ptime(&mut self, ptime_ms: u8) {
        self.ptime_ms = ptime_ms;
    }

    /// Sends from other ports and receives there from now on.
    pub(crate) fn take_other_ports(&mut self) -> io::Result<SocketAddr> {
        let (rtp, rtcp) = bind_pair(self.local.ip())?;
        self.local = rtp.local_addr()?;
        let _in_runtime = runtime::handle().enter();
        let _ = self.orders.send(Order::Move(UdpSocket::from_std(rtp)?, UdpSocket::from_std(rtcp)?));
        Ok(self.local)
    }

    /// Sends a datagram to where RTP goes, whatever it holds.
    pub(crate) fn send_rtp(&self, datagram: Bytes) {
        let _ = self.orders.send(Order::SendRtp(datagram));
    }

    /// Sends a datagram to where RTCP goes, whatever it holds.
    pub(crate) fn send_rtcp(&self, datagram: Bytes) {
        let _ = self.orders.send(Order::SendRtcp(datagram));
    }

    pub(crate) fn play(&self, source: Source) {
        let _ = self.orders.send(Order::Play(source));
    }

    /// Lets the packets go through a bad network from now on.
    pub(crate) fn impair(&self, impairment: Impairment) {
        let _ = self.orders.send(Order::Impair(impairment));
    }

    /// Reports `reception` by RTCP, at once and in every report from now on.
    pub(crate) fn report(&self, reception: Reception) {
        let _ = self.orders.send(Order::Report(reception));
    }

    pub(crate) async fn press_event(&self, key: char, timing: KeyTiming) -> Result<(), PhoneError> {
        self.ask(|done| Order::PressEvent(key, timing, done)).await
    }

    pub(crate) async fn press_in_band(&self, key: char, timing: KeyTiming) -> Result<(), PhoneError> {
        self.ask(|done| Order::PressInBand(key, timing, done)).await
    }

    /// Says goodbye by RTCP, closes the sockets and completes a recording.
    pub(crate) fn stop(&self) {
        let _ = self.orders.send(Order::Stop);
    }

    async fn ask(&self, order: impl FnOnce(Reply<()>) -> Order) -> Result<(), PhoneError> {
        let (done, answer) = oneshot::channel();
        self.orders.send(order(done)).map_err(|_| PhoneError::Ended)?;
        answer.await.map_err(|_| PhoneError::Ended)?
    }
}

/// The owner of the sockets of one call.
struct Task {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    cname: String,
    heard: Heard,
    player: Player,
    sender: Sender,
    /// How much our clock is too fast.
    clock_error_ppm: i32,
    network: Option<Network>,
    receiver: Option<Receiver>,
    stream: Option<Stream>,
    keys: EventReceiver,
    peer: Peer,
    reception: Option<Reception>,
    /// Whether we send reports.
    reports: bool,
}

impl Task {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Order>) {
        // `try_send_to` refuses everything until the reactor has looked at the socket once.
        let _ = tokio::join!(self.rtp.writable(), self.rtcp.writable());
        let mut pace = paced(self.interval());
        let mut reports = paced(REPORTS);
        let (mut datagram, mut report) = ([0; DATAGRAM], [0; DATAGRAM]);
        loop {
            tokio::select! {
                order = inbox.recv() => match order {
                    None | Some(Order::Stop) => break,
                    Some(order) => {
                        self.obey(order).await;
                        if pace.period() != self.interval() {
                            pace = paced(self.interval());
                        }
                    }
                },
                _ = pace.tick() => self.send(),
                () = until(self.network.as_ref().and_then(Network::next_arrival)) => self.deliver(),
                _ = reports.tick() => self.send_report(false),
                Ok((length, _)) = self.rtp.recv_from(&mut datagram) => self.receive(&datagram[..length]),
                Ok((length, _)) = self.rtcp.recv_from(&mut report) => self.receive_report(&report[..length]),
            }
        }
        self.send_report(true);
        if let Err(error) = self.heard.stop_recording() {
            tracing::warn!(%error, "the recording is not complete");
        }
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Run(stream, codec, ptime_ms) => match self.tune(&stream, codec, ptime_ms) {
                Ok(()) => self.stream = Some(stream),
                Err(error) => tracing::warn!(%error, "the codec does not run"),
            },
            Order::Move(rtp, rtcp) => {
                (self.rtp, self.rtcp) = (rtp, rtcp);
                let _ = tokio::join!(self.rtp.writable(), self.rtcp.writable());
            }
            Order::SendRtp(datagram) => self.send_whatever(&self.rtp, &datagram, |stream| stream.remote),
            Order::SendRtcp(datagram) => {
                self.send_whatever(&self.rtcp, &datagram, |stream| stream.remote_rtcp);
            }
            Order::Play(source) => self.player.play(source),
            Order::Impair(impairment) => match &mut self.network {
                Some(network) => network.change(impairment),
                None => self.network = Some(Network::new(impairment)),
            },
            Order::Report(reception) => {
                self.reception = Some(reception);
                self.send_report(false);
            }
            Order::PressEvent(key, timing, done) => match sending(&self.stream) {
                Some((stream, _)) => self.sender.press_event(stream, key, timing, done),
                None => drop(done.send(Err(PhoneError::OnHold))),
            },
            Order::PressInBand(key, timing, done) => match sending(&self.stream) {
                Some(_) => self.sender.press_in_band(key, timing, done),
                None => drop(done.send(Err(PhoneError::OnHold))),
            },
            Order::Stop => {}
        }
    }

    /// Sends and receives by another codec.
    fn tune(&mut self, stream: &Stream, codec: Codec, ptime_ms: u8) -> Result<(), CodecError> {
        self.sender.tune(codec, ptime_ms)?;
        self.player.retune(Format::of(codec).rate);
        if self.receiver.as_ref().is_none_or(|receiver| receiver.codec() != codec) {
            self.receiver = Some(Receiver::new(codec)?);
        }
        let events = |stream: &Stream| stream.events.map(|events| events.clock_rate);
        if let Some(clock_rate) =
            events(stream).filter(|rate| self.stream.as_ref().and_then(events) != Some(*rate))
        {
            self.keys = EventReceiver::new(clock_rate);
        }
        Ok(())
    }

    /// The time between two packets by our clock.
    fn interval(&self) -> Duration {
        self.sender.interval().div_f64(1.0 + f64::from(self.clock_error_ppm) / 1e6)
    }

    /// One packet, unless there is nowhere to send it to.
    fn send(&mut self) {
        let Some((stream, remote)) = sending(&self.stream) else { return self.sender.skip() };
        let Some((packet, is_key_end)) = self.sender.next(stream, &mut self.player) else { return };
        match &mut self.network {
            Some(network) => network.send(Instant::now(), packet, is_key_end),
            // A full socket or an ICMP error loses the packet, as the network may.
            None => drop(self.rtp.try_send_to(packet, remote)),
        }
    }

    /// What has come through a bad network.
    fn deliver(&mut self) {
        let (Some(network), Some((_, remote))) = (&mut self.network, sending(&self.stream)) else { return };
        let now = Instant::now();
        while let Some(packet) = network.arrived(now) {
            let _ = self.rtp.try_send_to(&packet, remote);
        }
    }

    fn send_whatever(&self, socket: &UdpSocket, datagram: &[u8], to: impl Fn(&Stream) -> Option<SocketAddr>) {
        if let Some(remote) = self.stream.as_ref().and_then(to) {
            let _ = socket.try_send_to(datagram, remote);
        }
    }

    fn send_report(&self, bye: bool) {
        let stream = self.stream.as_ref().filter(|_| self.reports);
        let Some(remote) = stream.and_then(|stream| stream.remote_rtcp) else { return };
        let (now, clock_rate) = (Instant::now(), self.sender.format().clock_rate);
        let report = Report {
            ssrc: self.sender.ssrc(),
            sender: Some(self.sender.info(ntp_now())),
            block: self.reception.map(|reception| self.peer.block(now, &reception, clock_rate)),
            xr: self.reception.and_then(|reception| self.peer.voip(&reception)),
            cname: &self.cname,
            bye,
        };
        let mut packet = [0; DATAGRAM];
        let length = report.write(&mut packet);
        let _ = self.rtcp.try_send_to(&packet[..length], remote);
    }

    fn receive(&mut self, datagram: &[u8]) {
        let at = Instant::now();
        let Ok(packet) = Packet::parse(datagram) else { return };
        let header = Header {
            ssrc: packet.ssrc,
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            marker: packet.marker,
        };
        self.peer.on_packet(header);
        let is_audio = |stream: &Stream| stream.receive_payload_type == packet.payload_type;
        let receiver = self.receiver.as_mut().filter(|_| self.stream.as_ref().is_some_and(is_audio));
        let audio = receiver.and_then(|receiver| receiver.decode(&packet));
        self.heard.arrived(&Arrived { at, header, audio });
        if !self.is_event(packet.payload_type) {
            return;
        }
        if let Some(key) = self.keys.receive(packet.payload, packet.timestamp) {
            self.heard.key(key);
        }
    }

    fn is_event(&self, payload_type: u8) -> bool {
        let events = self.stream.as_ref().and_then(|stream| stream.events);
        events.is_some_and(|events| events.receive_payload_type == payload_type)
    }

    fn receive_report(&mut self, datagram: &[u8]) {
        let Ok(report) = rtcp::parse(datagram, self.sender.ssrc()) else { return };
        self.peer.on_report(Instant::now(), &report);
        let newest = Bytes::copy_from_slice(datagram);
        self.heard.note_rtcp(|heard| {
            heard.sender_reports += u64::from(report.sender.is_some());
            heard.about_us += u64::from(report.block.is_some());
            heard.voip = report.voip.or(heard.voip);
            heard.bye |= report.bye;
            heard.newest = newest;
        });
    }
}

/// The stream and where its packets go, unless it is on hold or not negotiated yet.
fn sending(stream: &Option<Stream>) -> Option<(&Stream, SocketAddr)> {
    let stream = stream.as_ref().filter(|stream| stream.direction.sends())?;
    Some((stream, stream.remote?))
}

/// Waits for a moment; for none, for ever.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

/// A clock that catches up: the packets stand for elapsed time, also after a late wake-up.
fn paced(interval: Duration) -> Interval {
    let mut pace = tokio::time::interval(interval);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    pace
}

/// The time of day as NTP has it: 32.32 fixed point seconds since 1900.
fn ntp_now() -> u64 {
    rtcp::ntp(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}
