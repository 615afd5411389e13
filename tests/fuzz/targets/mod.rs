//! What is fuzzed, and what it is held to. A target takes any bytes, panics if a promise is broken, and says whether it took them for
//! something valid.
//!
//! No randomness and no files: the mutator beside this folder and libFuzzer, in `guided`, use the same functions.

mod chat;
mod decrypt;
mod dissect;
mod http;
mod promises;
mod recording;
mod seeds;
mod text;
mod websocket;
mod wire;

/// One thing that reads bytes.
#[derive(Debug)]
pub(crate) struct Target {
    /// As its files and the table in `docs/RELIABILITY.md` call it.
    pub(crate) name: &'static str,
    /// Holds it to its promises; says whether the input was something valid.
    pub(crate) run: fn(&[u8]) -> bool,
    /// Good inputs: published examples, recorded connections.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
    /// How many mutated inputs a run of the tests takes; those that cost more take fewer.
    pub(crate) inputs: usize,
}

/// All of them.
pub(crate) const TARGETS: &[Target] = &[
    target("http_head", http::head, seeds::heads, 3000),
    target("http_target", http::target, seeds::targets, 3000),
    target("http_chunked", http::chunked, seeds::chunked, 3000),
    target("http_form", http::form, seeds::forms, 3000),
    target("http_cookie", http::cookie, seeds::cookies, 3000),
    target("http_conditions", http::conditions, seeds::conditions, 3000),
    target(
        "http_connection",
        http::connection,
        seeds::connections,
        1000,
    ),
    target(
        "websocket_handshake",
        websocket::handshake,
        seeds::upgrades,
        3000,
    ),
    target("websocket_frame", websocket::frame, seeds::frames, 1000),
    target(
        "websocket_messages",
        websocket::messages,
        seeds::messages,
        1000,
    ),
    target(
        "websocket_close",
        websocket::close_payload,
        seeds::closes,
        3000,
    ),
    target("chat_event", chat::client_event, seeds::client_events, 3000),
    target("chat_names", chat::names, seeds::names, 3000),
    target("wire_wish", chat::wish, seeds::wishes, 3000),
    target("template", text::template, seeds::templates, 1000),
    target(
        "tls_settings",
        text::tls_settings,
        seeds::tls_settings,
        1000,
    ),
    target(
        "command_line",
        text::command_line,
        seeds::command_lines,
        1000,
    ),
    target("dissect_request", dissect::request, seeds::requests, 1000),
    target("dissect_response", dissect::response, seeds::responses, 400),
    target(
        "dissect_handshake",
        dissect::handshake,
        seeds::handshakes,
        1000,
    ),
    target("dissect_records", dissect::records, seeds::records, 300),
    target(
        "dissect_fragment",
        dissect::fragment,
        seeds::fragments,
        1000,
    ),
    target("dissect_alert", dissect::alert, seeds::alerts, 3000),
    target(
        "dissect_certificate",
        dissect::certificate,
        seeds::certificates,
        200,
    ),
    target("http_stream", wire::http_stream, seeds::conversations, 300),
    target("timeline", wire::timeline, seeds::recordings, 40),
    target("transcript", wire::transcript, seeds::recordings, 40),
    target(
        "decrypt_session",
        decrypt::session,
        seeds::recordings_cut,
        100,
    ),
    target("decrypt_sealed", decrypt::sealed, seeds::sealed, 300),
    target("key_log", wire::key_log, seeds::key_logs, 1000),
    target("pcapng_rebuilt", wire::rebuilt, seeds::recordings, 200),
    target("pcapng_capture", wire::capture, seeds::captures, 60),
];

const fn target(
    name: &'static str,
    run: fn(&[u8]) -> bool,
    seeds: fn() -> Vec<Vec<u8>>,
    inputs: usize,
) -> Target {
    Target {
        name,
        run,
        seeds,
        inputs,
    }
}
