//! Header names, and the compact forms (RFC 3261 §7.3.3 and §20).

macro_rules! names {
    ($($constant:ident = $name:literal;)*) => {
        $(#[doc = concat!("`", $name, "`")] pub const $constant: &str = $name;)*
    };
}

names! {
    ACCEPT = "Accept";
    ALLOW = "Allow";
    ALLOW_EVENTS = "Allow-Events";
    AUTHORIZATION = "Authorization";
    CALL_ID = "Call-ID";
    CONTACT = "Contact";
    CONTENT_ENCODING = "Content-Encoding";
    CONTENT_LENGTH = "Content-Length";
    CONTENT_TYPE = "Content-Type";
    CSEQ = "CSeq";
    DATE = "Date";
    EVENT = "Event";
    EXPIRES = "Expires";
    FROM = "From";
    MAX_FORWARDS = "Max-Forwards";
    MIN_EXPIRES = "Min-Expires";
    MIN_SE = "Min-SE";
    PROXY_AUTHENTICATE = "Proxy-Authenticate";
    PROXY_AUTHORIZATION = "Proxy-Authorization";
    RACK = "RAck";
    REASON = "Reason";
    RECORD_ROUTE = "Record-Route";
    REFER_SUB = "Refer-Sub";
    REFER_TO = "Refer-To";
    REFERRED_BY = "Referred-By";
    REPLACES = "Replaces";
    REQUIRE = "Require";
    RETRY_AFTER = "Retry-After";
    ROUTE = "Route";
    RSEQ = "RSeq";
    SERVER = "Server";
    SESSION_EXPIRES = "Session-Expires";
    SUBJECT = "Subject";
    SUBSCRIPTION_STATE = "Subscription-State";
    SUPPORTED = "Supported";
    TIMESTAMP = "Timestamp";
    TO = "To";
    UNSUPPORTED = "Unsupported";
    USER_AGENT = "User-Agent";
    VIA = "Via";
    WARNING = "Warning";
    WWW_AUTHENTICATE = "WWW-Authenticate";
    X_CONF_PIN = "X-ConfPin";
}

/// The long form of a compact name; any other name as it is.
pub(crate) fn expand(name: &str) -> &str {
    let [letter] = name.as_bytes() else { return name };
    match letter.to_ascii_lowercase() {
        b'a' => "Accept-Contact",
        b'b' => REFERRED_BY,
        b'c' => CONTENT_TYPE,
        b'd' => "Request-Disposition",
        b'e' => CONTENT_ENCODING,
        b'f' => FROM,
        b'i' => CALL_ID,
        b'j' => "Reject-Contact",
        b'k' => SUPPORTED,
        b'l' => CONTENT_LENGTH,
        b'm' => CONTACT,
        b'n' => "Identity-Info",
        b'o' => EVENT,
        b'r' => REFER_TO,
        b's' => SUBJECT,
        b't' => TO,
        b'u' => ALLOW_EVENTS,
        b'v' => VIA,
        b'x' => SESSION_EXPIRES,
        b'y' => "Identity",
        _ => name,
    }
}
