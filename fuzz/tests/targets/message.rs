use confab_sip::{Headers, Message, Package, RAck, Replaces, SessionExpires, header};

#[test]
fn message() {
    confab_fuzz::run("../crates/sip/tests/torture", target);
}

/// What is read can be looked at from every side, and what is written reads back.
fn target(input: &[u8]) {
    match Message::parse(input) {
        Ok(message) => {
            look(message.headers());
            assert_eq!(Message::parse(&message.to_bytes()), Ok(message));
        }
        Err(error) => {
            let Some(request) = error.answerable() else { return };
            look(&request.headers);
            assert!(!request.respond(error.status()).to_bytes().is_empty());
        }
    }
}

fn look(headers: &Headers) {
    let _ = headers.top_via().map(|via| (via.received(), via.rport(), via.to_string()));
    let _ =
        headers.from().map(|from| (from.uri.unescaped_user(), from.uri.matches(&from.uri), from.to_string()));
    let _ = (
        headers.vias(),
        headers.to(),
        headers.contacts(),
        headers.cseq(),
        headers.record_routes(),
        headers.routes(),
    );
    let _ = (
        headers.expires(),
        headers.max_forwards(),
        headers.content_type(),
        headers.list(header::ALLOW).count(),
    );
    for (_, value) in headers.iter() {
        let _ = (value.parse::<SessionExpires>(), value.parse::<RAck>());
        let _ = (value.parse::<Replaces>(), value.parse::<Package>());
    }
    let _ = (headers.credentials(header::AUTHORIZATION), headers.challenges(header::WWW_AUTHENTICATE));
}
