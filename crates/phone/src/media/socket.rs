//! The RTP and RTCP sockets of a call.

use std::io;
use std::net::{IpAddr, UdpSocket};

/// How many ports are tried until an even one with a free successor is found.
const ATTEMPTS: usize = 100;

/// A free even port for RTP and the next one for RTCP (RFC 3550 §11), non-blocking.
pub(super) fn bind_pair(address: IpAddr) -> io::Result<(UdpSocket, UdpSocket)> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..ATTEMPTS {
        match try_pair(address) {
            Ok(pair) => return Ok(pair),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The kernel picks one port; its neighbour completes the pair.
fn try_pair(address: IpAddr) -> io::Result<(UdpSocket, UdpSocket)> {
    let first = bind(address, 0)?;
    let port = first.local_addr()?.port();
    if port % 2 == 0 { Ok((first, bind(address, port + 1)?)) } else { Ok((bind(address, port - 1)?, first)) }
}

fn bind(address: IpAddr, port: u16) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((address, port))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
