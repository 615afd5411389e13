//! The fields that browsers and servers send: what each is for, where it is defined, what Wireshark calls it.
//! A table and nothing else; fields that are not in it are shown as they are.

use super::pairs::Spelling;

/// How the value of a field is taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Not at all.
    Text,
    /// A decimal number.
    Number,
    /// Host and port.
    Host,
    /// A scheme and what proves who one is.
    Credentials,
    /// Names and values.
    Pairs(Spelling),
}

/// What is known of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownField {
    /// The name as its definition writes it.
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) source: &'static str,
    /// Wireshark's name, where it has one of its own.
    pub(super) wireshark: Option<&'static str>,
    pub(super) meaning: &'static str,
}

/// Looks a field up, whatever the case of its name.
pub(super) fn find(name: &[u8]) -> Option<&'static KnownField> {
    KNOWN_FIELDS
        .iter()
        .find(|known| known.name.as_bytes().eq_ignore_ascii_case(name))
}

const TEXT: Shape = Shape::Text;
const LIST: Shape = Shape::Pairs(Spelling::List);
const PARAMETERS: Shape = Shape::Pairs(Spelling::Parameters);
const DIRECTIVES: Shape = Shape::Pairs(Spelling::Directives);

const fn known(
    name: &'static str,
    shape: Shape,
    source: &'static str,
    wireshark: Option<&'static str>,
    meaning: &'static str,
) -> KnownField {
    KnownField {
        name,
        shape,
        source,
        wireshark,
        meaning,
    }
}

#[rustfmt::skip]
const KNOWN_FIELDS: &[KnownField] = &[
    // What a request is about, and who asks.
    known("Host", Shape::Host, "RFC 9110 §7.2", Some("http.host"), "Which site is meant: many can share one address."),
    known("Origin", TEXT, "RFC 6454 §7", None, "The site whose page caused this request; the server checks it, so that other sites cannot act in the user's name."),
    known("Referer", TEXT, "RFC 9110 §10.1.3", Some("http.referer"), "The page from which the link was followed."),
    known("User-Agent", TEXT, "RFC 9110 §10.1.5", Some("http.user_agent"), "Which program asks, in its own words."),
    known("Cookie", Shape::Pairs(Spelling::Cookie), "RFC 6265 §5.4", Some("http.cookie"), "What the server asked the browser to remember; whoever copies a session's cookie is that user."),
    known("Authorization", Shape::Credentials, "RFC 9110 §11.6.2", Some("http.authorization"), "Proof of who asks, sent with every request."),
    known("Proxy-Authorization", Shape::Credentials, "RFC 9110 §11.7.2", Some("http.proxy_authorization"), "Proof of who asks, for the proxy."),
    known("X-Forwarded-For", LIST, "de facto", Some("http.x_forwarded_for"), "Whom the proxies in between ask for, as they say."),
    known("Expect", TEXT, "RFC 9110 §10.1.1", None, "The client waits for 100 Continue before it sends the content."),
    // What the client would like.
    known("Accept", LIST, "RFC 9110 §12.5.1", Some("http.accept"), "Which media types the client can show."),
    known("Accept-Language", LIST, "RFC 9110 §12.5.4", Some("http.accept_language"), "Which languages the user reads; also a mark to tell browsers apart by."),
    known("Accept-Encoding", LIST, "RFC 9110 §12.5.3", Some("http.accept_encoding"), "Which compressions the client can undo."),
    known("Priority", LIST, "RFC 9218 §5", None, "How urgent this is to the client."),
    known("Upgrade-Insecure-Requests", TEXT, "W3C Upgrade Insecure Requests §3", None, "The browser would rather have the https: page."),
    known("DNT", TEXT, "W3C Tracking Preference Expression", None, "A wish not to be tracked, withdrawn as a standard."),
    known("Sec-Fetch-Site", TEXT, "W3C Fetch Metadata §2", None, "Whether the request comes from the same site; set by the browser, out of reach of scripts."),
    known("Sec-Fetch-Mode", TEXT, "W3C Fetch Metadata §2", None, "What kind of request it is: a page, a WebSocket, a script's."),
    known("Sec-Fetch-Dest", TEXT, "W3C Fetch Metadata §2", None, "What the answer will be used as."),
    known("Sec-Fetch-User", TEXT, "W3C Fetch Metadata §2", None, "The user did this: clicked or typed."),
    known("Sec-CH-UA", LIST, "W3C UA Client Hints §3", None, "Brand and version of the browser."),
    known("Sec-CH-UA-Mobile", TEXT, "W3C UA Client Hints §3", None, "Whether it is a browser for phones."),
    known("Sec-CH-UA-Platform", TEXT, "W3C UA Client Hints §3", None, "On which system the browser runs."),
    // Connection and framing.
    known("Connection", LIST, "RFC 9110 §7.6.1", Some("http.connection"), "What holds for this connection only."),
    known("Keep-Alive", LIST, "RFC 2068 §19.7.1", None, "How long an idle connection is kept."),
    known("Upgrade", LIST, "RFC 9110 §7.8", Some("http.upgrade"), "Which other protocol to speak on this connection."),
    known("Transfer-Encoding", LIST, "RFC 9112 §6.1", Some("http.transfer_encoding"), "How the content is wrapped for this connection."),
    known("Content-Length", Shape::Number, "RFC 9110 §8.6", Some("http.content_length_header"), "How many bytes of content follow the empty line."),
    known("Trailer", LIST, "RFC 9110 §6.6.2", None, "Which fields come behind the content."),
    known("TE", LIST, "RFC 9110 §10.1.4", None, "Which transfer codings the client takes."),
    // The WebSocket handshake.
    known("Sec-WebSocket-Key", TEXT, "RFC 6455 §11.3.1", Some("http.sec_websocket_key"), "Sixteen random bytes; no secret, only there to be answered."),
    known("Sec-WebSocket-Accept", TEXT, "RFC 6455 §11.3.3", Some("http.sec_websocket_accept"), "SHA-1 of the key and a fixed text: proof that the server meant to speak WebSocket."),
    known("Sec-WebSocket-Version", LIST, "RFC 6455 §11.3.5", Some("http.sec_websocket_version"), "The version of the protocol: 13."),
    known("Sec-WebSocket-Protocol", LIST, "RFC 6455 §11.3.4", Some("http.sec_websocket_protocol"), "What is to be spoken within the WebSocket."),
    known("Sec-WebSocket-Extensions", LIST, "RFC 6455 §11.3.2", Some("http.sec_websocket_extensions"), "Extensions offered or agreed on; compression would hide the text, so this server takes none."),
    // The content.
    known("Content-Type", PARAMETERS, "RFC 9110 §8.3", Some("http.content_type"), "What the content is."),
    known("Content-Encoding", LIST, "RFC 9110 §8.4", Some("http.content_encoding"), "How the content was compressed."),
    known("Content-Language", LIST, "RFC 9110 §8.5", None, "In which language the content is."),
    known("Content-Range", TEXT, "RFC 9110 §14.4", None, "Which part of the whole this is."),
    known("Content-Disposition", PARAMETERS, "RFC 6266 §4", None, "Whether to show or to save the content, and under which name."),
    known("Range", TEXT, "RFC 9110 §14.2", None, "Which part of the whole is wanted."),
    known("Accept-Ranges", LIST, "RFC 9110 §14.3", None, "Whether parts can be asked for."),
    // The answer and its copies.
    known("Date", TEXT, "RFC 9110 §6.6.1", Some("http.date"), "When the server wrote this."),
    known("Server", TEXT, "RFC 9110 §10.2.4", Some("http.server"), "Which program answers, in its own words."),
    known("Location", TEXT, "RFC 9110 §10.2.2", Some("http.location"), "Where to go next."),
    known("Allow", LIST, "RFC 9110 §10.2.1", None, "Which methods this resource answers to."),
    known("Retry-After", TEXT, "RFC 9110 §10.2.3", None, "When to try again."),
    known("Set-Cookie", Shape::Pairs(Spelling::SetCookie), "RFC 6265 §4.1", Some("http.set_cookie"), "Asks the browser to remember this and to send it back."),
    known("WWW-Authenticate", TEXT, "RFC 9110 §11.6.1", Some("http.www_authenticate"), "How to prove who one is."),
    known("Proxy-Authenticate", TEXT, "RFC 9110 §11.7.1", Some("http.proxy_authenticate"), "How to prove who one is to the proxy."),
    known("Cache-Control", LIST, "RFC 9111 §5.2", Some("http.cache_control"), "Who may keep a copy, and for how long."),
    known("Pragma", LIST, "RFC 9111 §5.4", None, "The HTTP/1.0 way to ask for no copy."),
    known("Expires", TEXT, "RFC 9111 §5.3", None, "Until when a copy is good."),
    known("Age", Shape::Number, "RFC 9111 §5.1", None, "How many seconds this copy lay in a cache."),
    known("Vary", LIST, "RFC 9110 §12.5.5", None, "Which request fields the answer depends on."),
    known("ETag", TEXT, "RFC 9110 §8.8.3", None, "A name for this very version."),
    known("Last-Modified", TEXT, "RFC 9110 §8.8.2", Some("http.last_modified"), "When it was changed last."),
    known("If-None-Match", TEXT, "RFC 9110 §13.1.2", None, "The version the client has: send it only if it is another."),
    known("If-Modified-Since", TEXT, "RFC 9110 §13.1.3", None, "The date of the client's copy: send it only if it is newer."),
    known("If-Match", TEXT, "RFC 9110 §13.1.1", None, "Only if it is still this version."),
    known("If-Range", TEXT, "RFC 9110 §13.1.5", None, "The part if it is still this version, otherwise the whole."),
    // What the page may do.
    known("Content-Security-Policy", DIRECTIVES, "CSP Level 3 §3.1", None, "What this page may load, run and connect to: injected scripts stay without effect."),
    known("Strict-Transport-Security", PARAMETERS, "RFC 6797 §6.1", None, "From now on, only TLS for this host."),
    known("X-Content-Type-Options", TEXT, "WHATWG Fetch §3.6", None, "Do not guess another media type."),
    known("X-Frame-Options", TEXT, "RFC 7034 §2", None, "Whether other pages may show this one in a frame."),
    known("Referrer-Policy", TEXT, "W3C Referrer Policy §4", None, "How much of its URL the page tells others."),
    known("Permissions-Policy", TEXT, "W3C Permissions Policy §6", None, "Which abilities of the browser the page may use."),
    known("Cross-Origin-Opener-Policy", TEXT, "WHATWG HTML §7.1", None, "Windows of other sites get no handle on this one."),
    known("Cross-Origin-Resource-Policy", TEXT, "WHATWG Fetch §3.7", None, "Which sites may embed this."),
    known("Cross-Origin-Embedder-Policy", TEXT, "WHATWG HTML §7.1", None, "This page embeds only what allows it."),
    known("Clear-Site-Data", LIST, "W3C Clear Site Data §3", None, "What the browser is to forget of this site."),
    known("Alt-Svc", TEXT, "RFC 7838 §3", None, "Where else the same is served."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_field_stands_in_the_table_once() {
        let names: BTreeSet<_> = KNOWN_FIELDS
            .iter()
            .map(|known| known.name.to_ascii_lowercase())
            .collect();
        assert_eq!(names.len(), KNOWN_FIELDS.len());
        assert_eq!(find(b"hOST").map(|known| known.name), Some("Host"));
        assert_eq!(find(b"X-Unknown"), None);
    }
}
