//! Someone who sends packets where they do not belong.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use confab_codec::Law;
use confab_mixer::Tone;
use confab_rtp::{EventSender, Outbound};
use tokio::net::UdpSocket;

/// The sampling rate of PCMU, in Hz.
const RATE: u32 = 8000;

/// Samples of a millisecond.
const SAMPLES_PER_MS: usize = RATE as usize / 1000;

/// The length of the packets in ms.
const PTIME_MS: usize = 20;

/// The samples of a packet.
const SAMPLES: usize = PTIME_MS * SAMPLES_PER_MS;

/// A socket that belongs to no call, with an SSRC of its own: for tests of what a server does with spoofed media.
#[derive(Debug)]
pub struct Stranger {
    socket: UdpSocket,
    outbound: Outbound,
}

impl Stranger {
    /// Opens a socket at any port of `address`.
    ///
    /// # Errors
    /// When it cannot be bound.
    pub async fn open(address: IpAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind((address, 0)).await?;
        Ok(Self { socket, outbound: Outbound::new(rand::random()) })
    }

    /// Where the stranger is.
    ///
    /// # Errors
    /// When the socket has no address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Sends a datagram, whatever it holds.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub async fn send(&self, datagram: &[u8], to: SocketAddr) -> io::Result<()> {
        self.socket.send_to(datagram, to).await.map(drop)
    }

    /// Waits for a datagram; its length, or `None` when none comes within that time.
    pub async fn receive(&self, buffer: &mut [u8], within: Duration) -> Option<usize> {
        let received = tokio::time::timeout(within, self.socket.recv_from(buffer)).await;
        received.ok()?.ok().map(|(length, _)| length)
    }

    /// Sends a tone as PCMU packets, one each 20 ms, for `time`.
    ///
    /// # Errors
    /// When a packet cannot be sent.
    pub async fn send_tone(&mut self, to: SocketAddr, hz: f32, dbov: f32, time: Duration) -> io::Result<()> {
        let mut tone = Tone::new(RATE, hz, dbov);
        let (mut frame, mut payload) = ([0; SAMPLES], [0; SAMPLES]);
        for _ in 0..time.as_millis() as usize / PTIME_MS {
            tone.fill(&mut frame);
            Law::Mu.encode(&frame, &mut payload);
            let mut packet = [0; SAMPLES + 12];
            let length = self.outbound.write(0, &payload, SAMPLES as u32, &mut packet);
            self.paced(&packet[..length], to).await?;
        }
        Ok(())
    }

    /// Sends a key of 100 ms as telephone-event packets of `payload_type`.
    ///
    /// # Errors
    /// When a packet cannot be sent.
    pub async fn send_key(&mut self, to: SocketAddr, payload_type: u8, key: char) -> io::Result<()> {
        let mut events = EventSender::new();
        events.press(key, 100 * RATE / 1000, self.outbound.timestamp());
        while let Some(event) = events.next(SAMPLES as u16) {
            let mut packet = [0; 32];
            let length = self.outbound.write_event(payload_type, &event, SAMPLES as u32, &mut packet);
            self.paced(&packet[..length], to).await?;
        }
        Ok(())
    }

    async fn paced(&self, packet: &[u8], to: SocketAddr) -> io::Result<()> {
        self.send(packet, to).await?;
        tokio::time::sleep(Duration::from_millis(PTIME_MS as u64)).await;
        Ok(())
    }
}
