//! What is a head and what is refused: bytes in, value or reason out, up to each limit and one byte beyond.
//! Nothing is read from a socket here: how heads arrive in pieces is `io`'s to bear.

use super::*;

fn decode(input: &[u8]) -> Result<Progress<RequestHead>, HeadError> {
    decode_request_head(input, &mut Scanned::default())
}

fn head(input: &[u8]) -> RequestHead {
    match decode(input) {
        Ok(Progress::Done { value, .. }) => value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_head_keeps_three_promises() {
    for input in [
        &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
        b"POST /a?b=c%20d HTTP/1.0\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost:a\r\nX: \t b c \t\r\n\r\n",
        b"\r\n\r\nGET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        // Every proper prefix wants more, whether searched afresh or from where it stopped.
        let mut scanned = Scanned::default();
        for end in 0..input.len() {
            assert_eq!(
                decode(&input[..end]),
                Ok(Progress::NeedMore),
                "{end} of {input:?}"
            );
            assert_eq!(
                decode_request_head(&input[..end], &mut scanned),
                Ok(Progress::NeedMore)
            );
        }
        // The whole gives the value, and what stands behind it stays unread.
        let mut more = input.to_vec();
        more.extend_from_slice(b"GET /next");
        let Ok(Progress::Done { value, used_bytes }) = decode_request_head(&more, &mut scanned)
        else {
            panic!("{input:?}")
        };
        assert_eq!(used_bytes, input.len());
        assert_eq!(value.bytes().as_ref(), input);
    }
}

#[test]
fn a_head_knows_where_its_parts_stand() {
    let head = head(b"POST /a?b HTTP/1.1\r\nHost: x\r\nCookie:  k=v \r\n\r\n");
    assert_eq!((head.method, head.version), (Method::Post, Version::Http11));
    assert_eq!((head.target(), head.target_at()), ("/a?b", 5..9));
    assert_eq!(head.method_at(), 0..4);
    assert_eq!(
        head.fields.lines()[1],
        FieldLine {
            name: 29..35,
            value: 38..41
        }
    );
    assert_eq!(head.fields.only("cookie"), Some(&b"k=v"[..]));
}

#[test]
fn what_two_servers_could_read_in_two_ways_is_refused() {
    use HeadError as E;
    for (input, error) in [
        (&b"GET / HTTP/1.1\nHost: a\n\n"[..], E::BareLf),
        (b"GET / HTTP/1.1\r\nHost: a\n\r\n", E::BareLf),
        (b"\nGET / HTTP/1.1\r\n\r\n", E::BareLf),
        (b"GET / HTTP/1.1\rHost: a\r\n\r\n", E::BareCr),
        (b"GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", E::BareCr),
        (b"GET / HTTP/1.1\r\nX: a\r\r\n\r\n", E::BareCr),
        (b"GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n", E::ObsoleteFolding),
        (b"GET / HTTP/1.1\r\n X: a\r\n\r\n", E::ObsoleteFolding),
        (b"GET / HTTP/1.1\r\nX: a\r\n\tb\r\n\r\n", E::ObsoleteFolding),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", E::SpaceBeforeColon),
        (b"GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", E::SpaceBeforeColon),
        (b"GET / HTTP/1.1\r\nHost\r\n\r\n", E::FieldName),
        (b"GET / HTTP/1.1\r\n: a\r\n\r\n", E::FieldName),
        (b"GET / HTTP/1.1\r\nH(st: a\r\n\r\n", E::FieldName),
        (b"GET / HTTP/1.1\r\nX: a\0b\r\n\r\n", E::FieldValue),
        (b"GET / HTTP/1.1\r\nX: a\x7fb\r\n\r\n", E::FieldValue),
        (b"GET  / HTTP/1.1\r\n\r\n", E::RequestLine),
        (b"GET /  HTTP/1.1\r\n\r\n", E::RequestLine),
        (b" GET / HTTP/1.1\r\n\r\n", E::RequestLine),
        (b"GET /\r\n\r\n", E::RequestLine),
        (b"GET\r\n\r\n", E::RequestLine),
        (b"GET /\x00 HTTP/1.1\r\n\r\n", E::RequestLine),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", E::RequestLine),
        (b"GET / HTTP/1.2\r\n\r\n", E::VersionNotSupported),
        (b"GET / HTTP/2.0\r\n\r\n", E::VersionNotSupported),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", E::VersionNotSupported),
        (b"GET / HTTP/1.10\r\n\r\n", E::RequestLine),
        (b"GET / HTTP/1,1\r\n\r\n", E::RequestLine),
        (b"GET / http/1.1\r\n\r\n", E::RequestLine),
        (b"get / HTTP/1.1\r\n\r\n", E::UnknownMethod),
        (b"CONNECT a:443 HTTP/1.1\r\n\r\n", E::UnknownMethod),
        (b"BREW / HTTP/1.1\r\n\r\n", E::UnknownMethod),
    ] {
        assert_eq!(
            decode(input),
            Err(error),
            "{:?}",
            input.escape_ascii().to_string()
        );
    }
}

#[test]
fn a_lone_line_feed_is_refused_before_the_head_ends() {
    assert_eq!(decode(b"GET / HTTP/1.0\n"), Err(HeadError::BareLf));
    assert_eq!(decode(b"GET / HTTP/1.0\r\nA"), Ok(Progress::NeedMore));
}

/// What was looked at may become anything: nobody would see it.
#[test]
fn what_came_before_is_not_looked_at_again() {
    let field = format!("X: {}\r\n", "x".repeat(500));
    let get = format!("\r\nGET / HTTP/1.1\r\n{}", field.repeat(5));
    for (input, is_judged_at) in [
        ("\r\n".repeat(500), 0),
        (format!("GET /{}", "a".repeat(500)), 0),
        // The first line is looked at twice, the second time as a whole.
        (get, "\r\nGET / HTTP/1.1\r\n".len()),
    ] {
        let mut seen = input.clone().into_bytes();
        let mut scanned = Scanned::default();
        for end in 1..=input.len() {
            let found = decode_request_head(&seen[..end], &mut scanned);
            assert_eq!(found, Ok(Progress::NeedMore), "{end} of {input:?}");
            if end >= is_judged_at {
                seen[..scanned.start.max(scanned.len)].fill(b'\n');
            }
        }
        let changed = seen.iter().filter(|&&byte| byte == b'\n').count();
        assert!(changed + field.len() >= input.len(), "{input:?}");
    }
}

#[test]
fn a_line_is_as_long_as_it_is_whether_its_end_has_come_or_not() {
    let method = "A".repeat(METHOD_LEN_MAX);
    let line_len_max = METHOD_LEN_MAX + TARGET_LEN_MAX + " HTTP/1.1 ".len();
    for (line_len, found) in [
        (line_len_max, Ok(Progress::NeedMore)),
        (line_len_max + 1, Err(HeadError::TargetTooLong)),
    ] {
        let target = "a".repeat(line_len - METHOD_LEN_MAX - " / HTTP/1.1".len());
        let line = format!("{method} /{target} HTTP/1.1");
        assert_eq!(line.len(), line_len);
        for behind in ["", "\r", "\r\n", "\r\nX"] {
            let input = line.clone() + behind;
            assert_eq!(decode(input.as_bytes()), found, "{line_len} {behind:?}");
        }
    }
}

#[test]
fn a_first_line_that_begins_no_request_is_refused_when_it_has_ended() {
    use HeadError as E;
    for (line, error) in [
        (&b"GET /\r\n"[..], E::RequestLine),
        (b"hello\r\n", E::RequestLine),
        (b"\r\n GET / HTTP/1.1\r\n", E::RequestLine),
        (b"GET / HTTP/1.1 \r\n", E::RequestLine),
        (b"GET / HTTP/2.0\r\n", E::VersionNotSupported),
    ] {
        let what = line.escape_ascii().to_string();
        assert_eq!(decode(line), Err(error.clone()), "{what}");
        let mut scanned = Scanned::default();
        let before = &line[..line.len() - 1];
        assert_eq!(
            decode_request_head(before, &mut scanned),
            Ok(Progress::NeedMore)
        );
        assert_eq!(
            decode_request_head(line, &mut scanned),
            Err(error),
            "{what}"
        );
    }
    assert_eq!(decode(b"\r\nGET / HTTP/1.1\r\n"), Ok(Progress::NeedMore));
}

#[test]
fn sixteen_kib_of_head_pass_and_one_byte_more_does_not() {
    let of_len = |len: usize| {
        let front = b"GET / HTTP/1.1\r\nX: ".len();
        format!(
            "GET / HTTP/1.1\r\nX: {}\r\n\r\n",
            "x".repeat(len - front - 4)
        )
        .into_bytes()
    };
    assert_eq!(head(&of_len(HEAD_LEN_MAX)).bytes().len(), HEAD_LEN_MAX);
    assert_eq!(decode(&of_len(HEAD_LEN_MAX + 1)), Err(HeadError::TooLong));
    assert_eq!(
        decode(&of_len(HEAD_LEN_MAX + 5)[..HEAD_LEN_MAX + 1]),
        Err(HeadError::TooLong)
    );
}

#[test]
fn a_hundred_field_lines_pass_and_one_more_does_not() {
    let of = |lines: usize| format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(lines));
    assert_eq!(
        head(of(FIELD_LINES_MAX).as_bytes()).fields.lines().len(),
        FIELD_LINES_MAX
    );
    assert_eq!(
        decode(of(FIELD_LINES_MAX + 1).as_bytes()),
        Err(HeadError::TooManyFieldLines)
    );
}

#[test]
fn eight_kib_of_target_pass_and_one_byte_more_does_not() {
    let of_len = |len: usize| format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(len - 1));
    assert_eq!(
        head(of_len(TARGET_LEN_MAX).as_bytes()).target().len(),
        TARGET_LEN_MAX
    );
    assert_eq!(
        decode(of_len(TARGET_LEN_MAX + 1).as_bytes()),
        Err(HeadError::TargetTooLong)
    );
    // Known to be too long before the line ends.
    assert_eq!(
        decode(format!("GET /{}", "x".repeat(9000)).as_bytes()),
        Err(HeadError::TargetTooLong)
    );
    assert_eq!(
        decode("GET".repeat(3000).as_bytes()),
        Err(HeadError::UnknownMethod)
    );
}

#[test]
fn connections_persist_as_rfc_9112_says() {
    for (input, keeps) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], true),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", false),
        (b"GET / HTTP/1.1\r\nConnection: x, CLOSE\r\n\r\n", false),
        (b"GET / HTTP/1.0\r\n\r\n", false),
        (b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true),
        (
            b"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
            false,
        ),
    ] {
        assert_eq!(
            head(input).wants_keep_alive(),
            keeps,
            "{:?}",
            input.escape_ascii().to_string()
        );
    }
}

#[test]
fn mutated_heads_never_panic() {
    let seed =
        b"\r\nPOST /a?b=c HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 3\r\nX:\r\n\r\nabc";
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).unwrap()
    };
    for _ in 0..20_000 {
        let mut input = seed.to_vec();
        for _ in 0..1 + next(4) {
            let at = next(input.len());
            match next(3) {
                0 => input[at] = b"\r\n\0 :\t/\xff"[next(8)],
                1 => drop(input.remove(at)),
                _ => input.insert(at, b"\r\n\0 :\t/\xff"[next(8)]),
            }
        }
        let mut scanned = Scanned::default();
        let piecewise = (0..=input.len())
            .map(|end| decode_request_head(&input[..end], &mut scanned))
            .find(|answer| *answer != Ok(Progress::NeedMore));
        // Byte by byte or in one piece: the same answer.
        assert_eq!(piecewise.unwrap_or(Ok(Progress::NeedMore)), decode(&input));
    }
}
