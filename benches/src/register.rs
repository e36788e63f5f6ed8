//! How many authenticated REGISTERs a server takes in a second (RFC 3261 §10, RFC 7616).

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use clap::Args;
use confab_sip::{CSeq, Challenge, Message, Method, Request, Response, Secret, header};

use crate::histogram::Histogram;
use crate::machine;
use crate::plan::Cores;
use crate::process::Process;
use crate::sockets::bound;

/// A request without an answer is sent again after this (RFC 3261, T1).
const T1: Duration = Duration::from_millis(500);

/// Phones that register as fast as they are let.
#[derive(Args, Clone, Debug)]
pub(crate) struct Plan {
    /// The server's SIP address, UDP
    #[arg(long, default_value = "127.0.0.1:5080")]
    pub(crate) server: SocketAddr,
    /// The first user; the others are the numbers behind it
    #[arg(long, default_value_t = 1001)]
    pub(crate) user: u32,
    /// How many phones register, each as another user
    #[arg(long, default_value_t = 10)]
    pub(crate) phones: u32,
    /// The password of all of them
    #[arg(long, default_value = "1234")]
    pub(crate) password: String,
    /// How long, s
    #[arg(long, default_value_t = 5.0)]
    pub(crate) time: f64,
    #[command(flatten)]
    pub(crate) cores: Cores,
}

impl Plan {
    /// The phones that [`report`](crate::report) configures.
    pub(crate) fn of(server: SocketAddr, cores: Cores) -> Self {
        Self { server, user: 1001, phones: 64, password: "bench-1001".into(), time: 5.0, cores }
    }
}

/// What the phones found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registered {
    /// Answered 200 after a challenge or with a nonce known already.
    pub(crate) accepted: u64,
    /// Final answers by status, 200 too.
    pub(crate) answers: BTreeMap<u16, u64>,
    /// Requests that were sent again.
    pub(crate) repeated: u64,
    /// From a request to its answer.
    pub(crate) times: Histogram,
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// Processor time of the server, if it is on this machine.
    pub(crate) server: Option<Duration>,
}

impl Registered {
    /// Accepted in a second.
    pub(crate) fn rate(&self) -> f64 {
        self.accepted as f64 / self.elapsed.as_secs_f64()
    }

    /// Accepted in a second of the server's processor time.
    pub(crate) fn rate_per_core(&self) -> Option<f64> {
        Some(self.accepted as f64 / self.server?.as_secs_f64())
    }
}

/// One phone: it has one request under way at a time.
struct Phone {
    user: String,
    cseq: u32,
    challenge: Option<(Challenge, u32)>,
    sent: Instant,
    wire: Vec<u8>,
}

/// Registers until the time is over.
///
/// # Errors
/// When there is no socket.
pub(crate) fn run(plan: &Plan) -> io::Result<Registered> {
    plan.cores.own().map(machine::pin_here);
    let server = Process::on_port(plan.server.port());
    let socket = bound(SocketAddr::new(plan.server.ip(), 0))?;
    let local = socket.local_addr()?;
    let secret = Secret::new(plan.password.clone());
    let mut phones: Vec<Phone> = (0..plan.phones).map(|index| Phone::new(plan.user + index)).collect();
    let mut found = Registered::default();
    let (start, before) = (Instant::now(), server.map(|server| server.usage().time()));
    phones.iter_mut().for_each(|phone| phone.send(plan.server, local, &secret, &socket));
    while start.elapsed().as_secs_f64() < plan.time {
        if !receive(&mut phones, &mut found, plan, local, &secret, &socket) {
            repeat(&mut phones, &mut found, plan.server, &socket);
        }
    }
    found.elapsed = start.elapsed();
    found.server = server.zip(before).map(|(server, before)| server.usage().time().saturating_sub(before));
    Ok(found)
}

/// Takes one answer, and lets that phone send its next request; whether there was one.
fn receive(
    phones: &mut [Phone],
    found: &mut Registered,
    plan: &Plan,
    local: SocketAddr,
    secret: &Secret,
    socket: &UdpSocket,
) -> bool {
    let mut buffer = [0; 4096];
    let Ok((length, _)) = socket.recv_from(&mut buffer) else { return false };
    let Ok(Message::Response(response)) = Message::parse(&buffer[..length]) else { return true };
    let Some(index) = response.headers.call_id().and_then(|id| id.split('@').next()?.parse::<usize>().ok())
    else {
        return true;
    };
    let Some(phone) = phones.get_mut(index.wrapping_sub(plan.user as usize)) else { return true };
    if response.status >= 200 && phone.take(&response, found) {
        phone.send(plan.server, local, secret, socket);
    }
    true
}

fn repeat(phones: &mut [Phone], found: &mut Registered, server: SocketAddr, socket: &UdpSocket) {
    for phone in phones.iter_mut().filter(|phone| phone.sent.elapsed() > T1) {
        phone.sent = Instant::now();
        found.repeated += 1;
        let _ = socket.send_to(&phone.wire, server);
    }
    std::thread::sleep(Duration::from_micros(50));
}

impl Phone {
    fn new(number: u32) -> Self {
        let user = number.to_string();
        Self { user, cseq: 0, challenge: None, sent: Instant::now(), wire: Vec::new() }
    }

    /// Sends the next request, with credentials if it was challenged before.
    fn send(&mut self, server: SocketAddr, local: SocketAddr, secret: &Secret, socket: &UdpSocket) {
        self.cseq += 1;
        let uri = format!("sip:{server}");
        let mut request = Request::new(Method::Register, &uri);
        let (user, cseq) = (&self.user, self.cseq);
        let headers = &mut request.headers;
        headers.push(header::VIA, format!("SIP/2.0/UDP {local};branch=z9hG4bK-{user}-{cseq}"));
        headers.push(header::MAX_FORWARDS, "70");
        headers.push(header::FROM, format!("<sip:{user}@{}>;tag=t{user}", server.ip()));
        headers.push(header::TO, format!("<sip:{user}@{}>", server.ip()));
        headers.push(header::CALL_ID, format!("{user}@{local}"));
        headers.push(header::CSEQ, CSeq::new(cseq, Method::Register).to_string());
        headers.push(header::CONTACT, format!("<sip:{user}@{local}>"));
        headers.push(header::EXPIRES, "3600");
        if let Some((challenge, count)) = &mut self.challenge {
            *count += 1;
            if let Some(credentials) = challenge.answer("REGISTER", &uri, user, secret, "c0ffee", *count) {
                headers.push(header::AUTHORIZATION, credentials.to_string());
            }
        }
        self.wire = request.to_bytes().to_vec();
        self.sent = Instant::now();
        let _ = socket.send_to(&self.wire, server);
    }

    /// Takes a final answer; false if it is one to an older request.
    fn take(&mut self, response: &Response, found: &mut Registered) -> bool {
        if !response.headers.cseq().is_ok_and(|cseq| cseq.number == self.cseq) {
            return false;
        }
        found.times.record(self.sent.elapsed());
        *found.answers.entry(response.status).or_default() += 1;
        found.accepted += u64::from(response.status == 200);
        if response.status == 401 {
            self.challenge =
                response.headers.challenges(header::WWW_AUTHENTICATE).into_iter().next().map(|c| (c, 0));
        }
        true
    }
}
