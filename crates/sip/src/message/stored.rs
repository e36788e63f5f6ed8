//! rsip's untyped headers, made from name and value and read back: rsip itself offers neither for all its variants but
//! by its parser and its printer.

use rsip::Header;
use rsip::headers::UntypedHeader;

use super::header::expand;
use super::scan::clean;

/// The stored form of a header that we make. The name may be compact.
pub(super) fn stored(name: &str, value: &str) -> Header {
    stored_clean(&clean(expand(name)), &clean(value))
}

macro_rules! headers {
    ($($variant:ident = $name:literal,)*) => {
        /// The stored form of a header that was checked already: a long name, a clean value.
        pub(super) fn stored_clean(name: &str, value: &str) -> Header {
            match name {
                $(_ if name.eq_ignore_ascii_case($name) => Header::$variant(value.into()),)*
                _ => Header::Other(name.to_owned(), value.to_owned()),
            }
        }

        /// The long name and the value of a stored header.
        pub(super) fn name_and_value(header: &Header) -> (&str, &str) {
            match header {
                $(Header::$variant(inner) => ($name, inner.value()),)*
                Header::Other(name, value) => (name, value),
            }
        }
    };
}

headers! {
    Accept = "Accept",
    AcceptEncoding = "Accept-Encoding",
    AcceptLanguage = "Accept-Language",
    AlertInfo = "Alert-Info",
    Allow = "Allow",
    AuthenticationInfo = "Authentication-Info",
    Authorization = "Authorization",
    CSeq = "CSeq",
    CallId = "Call-ID",
    CallInfo = "Call-Info",
    Contact = "Contact",
    ContentDisposition = "Content-Disposition",
    ContentEncoding = "Content-Encoding",
    ContentLanguage = "Content-Language",
    ContentLength = "Content-Length",
    ContentType = "Content-Type",
    Date = "Date",
    ErrorInfo = "Error-Info",
    Event = "Event",
    Expires = "Expires",
    From = "From",
    InReplyTo = "In-Reply-To",
    MaxForwards = "Max-Forwards",
    MimeVersion = "MIME-Version",
    MinExpires = "Min-Expires",
    Organization = "Organization",
    Priority = "Priority",
    ProxyAuthenticate = "Proxy-Authenticate",
    ProxyAuthorization = "Proxy-Authorization",
    ProxyRequire = "Proxy-Require",
    RecordRoute = "Record-Route",
    ReplyTo = "Reply-To",
    Require = "Require",
    RetryAfter = "Retry-After",
    Route = "Route",
    Server = "Server",
    Subject = "Subject",
    SubscriptionState = "Subscription-State",
    Supported = "Supported",
    Timestamp = "Timestamp",
    To = "To",
    Unsupported = "Unsupported",
    UserAgent = "User-Agent",
    Via = "Via",
    Warning = "Warning",
    WwwAuthenticate = "WWW-Authenticate",
}
