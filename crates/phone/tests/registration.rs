//! A phone with an account at a registrar.
#![expect(clippy::unwrap_used, reason = "a call that cannot be set up is a failed test")]

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use confab_phone::{Phone, PhoneConfig, PhoneError, Way};
use confab_sip::{
    AdmitAll, Endpoint, EndpointConfig, Event, Flow, Identity, Input, Listener, Outgoing, Secret, Target,
    Transport, User,
};

const SOON: Duration = Duration::from_secs(5);
const OFFER: &str =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n";

/// A registrar with the user 1004, who is called by 2002 as soon as he has registered.
fn registrar() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let local = socket.local_addr().unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    std::thread::spawn(move || serve(&socket, local));
    local
}

fn serve(socket: &UdpSocket, local: SocketAddr) {
    let config = EndpointConfig {
        listeners: vec![Listener::new(Transport::Udp, local)],
        users: vec![User::new("1004", Secret::new("1234"))],
        ..EndpointConfig::default()
    };
    let mut endpoint = Endpoint::new(config, [7; 32]);
    let mut buffer = [0; 65_535];
    loop {
        let received = socket.recv_from(&mut buffer);
        let now = Instant::now();
        endpoint.handle_timeout(now);
        if let Ok((length, remote)) = received {
            let flow = Flow { transport: Transport::Udp, local, remote, connection: None };
            let bytes = buffer[..length].to_vec().into();
            endpoint.handle_input(now, Input::Packet { flow, bytes }, &AdmitAll);
        }
        while let Some(event) = endpoint.poll_event() {
            if matches!(event, Event::Registered { .. }) {
                endpoint.place(now, invitation()).unwrap();
            }
        }
        while let Some(transmit) = endpoint.poll_transmit() {
            socket.send_to(&transmit.bytes, transmit.flow.remote).unwrap();
        }
    }
}

fn invitation() -> Outgoing {
    let from = Identity { display: Some("Trunk".into()), user: "2002".into() };
    Outgoing {
        target: Target::User("1004".into()),
        from,
        contact_user: Some("2003".into()),
        replaces: None,
        sdp: OFFER.into(),
    }
}

#[tokio::test]
async fn a_registered_phone_is_called() {
    let phone = Phone::start(PhoneConfig::new(registrar(), "1004").password("1234")).await.unwrap();
    phone.register().await.unwrap();
    let incoming = phone.next_call(SOON).await.unwrap();
    assert_eq!(incoming.caller.user, "2002");
    assert_eq!(incoming.caller.display.as_deref(), Some("Trunk"));
    assert_eq!(incoming.contact_user.as_deref(), Some("2003"));
    assert_eq!(incoming.dialled, "1004");
    incoming.refuse(486);
    phone.register().await.unwrap();
    phone.unregister().await.unwrap();
    phone.register().await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_refused_each_time() {
    let phone = Phone::start(PhoneConfig::new(registrar(), "1004").password("guess")).await.unwrap();
    for _ in 0..2 {
        let refused = phone.register().await;
        assert!(matches!(refused, Err(PhoneError::Refused { status: Some(400..), .. })), "{refused:?}");
    }
    let sent = phone.messages().into_iter().filter(|traced| traced.way == Way::Out);
    assert!(sent.count() <= 6, "a challenge is answered twice at most");
}
