//! HTTP and WebSocket in clear, with everything a stranger can send.

use super::*;
use crate::wire::dissect::mutation;
use crate::wire::event::Missing;

const LOGIN: &[u8] = b"POST /login HTTP/1.1\r\nHost: a\r\nCookie: sid_plain=s3cret\r\n\
    Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 26\r\n\r\nusername=ada&password=hush";

const UPGRADE: &[u8] =
    b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const UPGRADED: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

#[test]
fn a_login_in_clear_is_told_line_by_line_and_what_a_thief_would_want_is_marked() {
    let text = of_server(&[
        sent(1500, FromClient, LOGIN),
        sent(
            2000,
            FromServer,
            b"HTTP/1.1 303 See Other\r\nLocation: /chat\r\nContent-Length: 0\r\n\r\n",
        ),
        event(2_000_001, FromClient, What::End),
    ]);
    assert_eq!(
        text,
        "  7    0.001500 client → server  #0 request, 154 bytes
  7     > POST /login HTTP/1.1
  7     > Host: a
  7     > Cookie: sid_plain=s3cret   ← any thief on the way reads this: sid_plain
  7     > Content-Type: application/x-www-form-urlencoded
  7     > Content-Length: 26
  7     >
  7     | username=ada&password=hush   ← any thief on the way reads this: password
  7    0.002000 client ← server  #1 response, 62 bytes
  7     < HTTP/1.1 303 See Other
  7     < Location: /chat
  7     < Content-Length: 0
  7     <
  7    2.000001 client → server  #2 The client sends nothing more (FIN)
  7 ── end; HTTP/1.1; 1 request
"
    );
}

#[test]
fn eve_is_told_all_that_is_in_clear_and_what_she_has_learned() {
    let text = told(None, &[sent(0, FromClient, LOGIN)]);
    assert!(
        text.contains("password=hush   ← any thief on the way reads this: password"),
        "{text}"
    );
    assert!(text.contains("Eve knows the "), "{text}");
    assert!(!of_server(&[sent(0, FromClient, LOGIN)]).contains("Eve"));
}

#[test]
fn a_message_that_comes_in_pieces_is_told_once_when_it_is_whole() {
    let whole = of_server(&[sent(9, FromClient, LOGIN)]);
    for cut in 1..LOGIN.len() {
        let mut transcript = transcript(Some(Secrets::default()));
        let (first, second) = LOGIN.split_at(cut);
        assert_eq!(transcript.push(&sent(1, FromClient, first)), "", "{cut}");
        let text = transcript.push(&sent(9, FromClient, second));
        assert_eq!(text + &transcript.finish(None), whole, "{cut}");
    }
}

#[test]
fn a_message_that_does_not_end_is_told_at_the_end() {
    let text = of_server(&[sent(1, FromClient, &LOGIN[..LOGIN.len() - 4])]);
    assert!(text.contains("#0 request, 150 bytes, cut short"), "{text}");
    assert!(text.contains("| username=ada&password="), "{text}");
    assert!(
        text.contains("! 4 bytes of this content are not here."),
        "{text}"
    );
}

#[test]
fn a_message_that_is_too_long_to_wait_for_is_told_as_far_as_it_has_come_and_its_end_later() {
    let mut transcript = transcript(Some(Secrets::default()));
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 200000\r\n\r\n";
    transcript.push(&sent(0, FromClient, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_eq!(transcript.push(&sent(1, FromServer, head)), "");
    let text = transcript.push(&sent(2, FromServer, &[b'x'; 100_000]));
    assert!(
        text.contains("#1 response, 100069 bytes, not whole yet"),
        "{text}"
    );
    assert!(text.contains("… 99200 bytes more"), "{text}");
    assert_eq!(transcript.push(&sent(3, FromServer, &[b'x'; 50_000])), "");
    assert_eq!(
        transcript.push(&sent(4, FromServer, &[b'x'; 50_000])),
        "  7    0.000004 client ← server  #1 has ended: 200069 bytes in all\n"
    );
    assert_eq!(transcript.finish(None), "  7 ── end; HTTP/1.1; 1 request\n");
}

#[test]
fn a_long_message_that_never_ends_is_said_to_be_cut_short() {
    let text = of_server(&[
        sent(0, FromClient, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        sent(
            1,
            FromServer,
            b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n",
        ),
        sent(2, FromServer, &[b'x'; 100_000]),
        sent(3, FromServer, &[b'x'; 1]),
    ]);
    let end = "client ← server  #1 was cut short: 100044 bytes in all\n";
    assert!(text.contains(end), "{text}");
    assert_eq!(text.matches("#1").count(), 2, "{text}");
}

#[test]
fn frames_are_told_with_the_bits_of_their_header_and_their_text() {
    let text = of_server(&[
        sent(0, FromClient, UPGRADE),
        sent(0, FromServer, UPGRADED),
        // RFC 6455 §5.7: a masked text message.
        sent(
            5,
            FromClient,
            &[
                0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
            ],
        ),
        // RFC 6455 §5.7: an unmasked one in two frames.
        sent(
            6,
            FromServer,
            &[0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f],
        ),
        sent(7, FromServer, &[0x82, 0x03, 0x00, 0xff, 0x1b]),
        sent(8, FromServer, &[0x89, 0x00]),
        sent(9, FromServer, &[0x88, 0x05, 0x03, 0xe8, b'b', b'y', b'e']),
    ]);
    let frames = text.split_once("#2").unwrap().1;
    assert_eq!(
        frames,
        " text frame, 11 bytes: FIN, MASK 37fa213d, payload length 5
  7     | Hello
  7    0.000006 client ← server  #3 text frame, 5 bytes: no FIN, no MASK, payload length 3
  7     | Hel
  7    0.000006 client ← server  #4 continuation frame, 4 bytes: FIN, no MASK, payload length 2
  7     | lo
  7    0.000007 client ← server  #5 binary frame, 5 bytes: FIN, no MASK, payload length 3
  7     | 0000  00 ff 1b                                          ...
  7    0.000008 client ← server  #6 ping frame, 2 bytes: FIN, no MASK, payload length 0
  7    0.000009 client ← server  #7 connection close frame, 7 bytes: FIN, no MASK, payload length 5
  7     | 1000 normal closure (All was said: a normal end.) bye
  7 ── end; HTTP/1.1 and WebSocket; 1 request; 6 frames
"
    );
}

#[test]
fn chunks_are_put_together_and_their_sizes_said() {
    let text = of_server(&[
        sent(0, FromClient, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        sent(
            1,
            FromServer,
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n\
              5\r\nHello\r\n7\r\n, world\r\n0\r\n\r\n",
        ),
    ]);
    assert!(
        text.contains("     (2 chunks: 5, 7 bytes)\n  7     | Hello, world\n"),
        "{text}"
    );
}

#[test]
fn what_a_stranger_sends_never_acts_on_the_terminal() {
    let head =
        "GET /\x1b[2J\u{202e} HTTP/1.1\r\nHost: a\r\nX-Trick: \x1b]0;title\x07\u{200b}\r\n\r\n";
    let text = of_server(&[
        sent(0, FromClient, head.as_bytes()),
        sent(1, FromServer, b"\x1b[31mnot HTTP at all\x9b\x07\r\n\r\n"),
    ]);
    assert_harmless(&text);
    assert!(text.contains("\\u{1b}[2J"), "{text}");

    let mut payload = vec![0x81, 20];
    payload.extend_from_slice("hello \x1b[2J \u{202e}fdp".as_bytes());
    payload[1] = u8::try_from(payload.len() - 2).unwrap();
    let text = of_server(&[
        sent(0, FromClient, UPGRADE),
        sent(0, FromServer, UPGRADED),
        sent(1, FromServer, &payload),
    ]);
    assert_harmless(&text);
    assert!(text.contains("| hello \\u{1b}[2J \\u{202e}fdp\n"), "{text}");
}

#[test]
fn whatever_is_sent_is_told_without_harm() {
    let conversation = [
        LOGIN,
        UPGRADE,
        &[0x81, 0x85, 0, 0, 0, 0, b'h', 0x1b, b'l', b'l', b'o'],
    ]
    .concat();
    for bytes in mutation::mutations(&conversation, 3, 500) {
        for direction in [FromClient, FromServer] {
            let text = of_server(&[
                sent(0, direction, &bytes),
                sent(1, direction.opposite(), UPGRADED),
            ]);
            assert_harmless(&text);
        }
    }
}

#[test]
fn bytes_that_were_not_kept_are_said() {
    let text = of_server(&[
        sent(0, FromClient, b"GET / HTTP/1.1\r\n"),
        event(1, FromClient, What::Missing(Missing::of(300))),
        sent(2, FromClient, LOGIN),
    ]);
    assert!(text.contains("300 bytes"), "{text}");
    assert!(text.contains("300 bytes not kept"), "{text}");
}

#[test]
fn a_head_with_very_many_or_very_long_lines_is_cut_and_counted() {
    let fields: String = (0..100).map(|n| format!("X-{n}: y\r\n")).collect();
    let long = format!("X-Long: {}\r\n", "z".repeat(1000));
    for (fields, told) in [
        (fields, "… 42 lines more of this head"),
        (long, "… 608 bytes more"),
    ] {
        let text = of_server(&[sent(
            0,
            FromClient,
            format!("GET / HTTP/1.1\r\n{fields}\r\n").as_bytes(),
        )]);
        assert!(text.contains(told), "{text}");
    }
}
