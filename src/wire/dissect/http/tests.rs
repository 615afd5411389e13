use super::*;
use crate::http::head::{Scanned, decode_request_head};
use crate::octets::Progress;
use crate::wire::dissect::mutation;

const FORM: &[u8] = b"POST /login?next=%2Fchat&x=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\
    Origin: http://127.0.0.1:8080\r\nContent-Type: application/x-www-form-urlencoded\r\n\
    Cookie: theme=dark; sid_plain=abc\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 43\r\n\r\n\
    username=ana&password=a+b%2Bcorrect%20horse";

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\
    Set-Cookie: __Host-sid=abc; Path=/; Max-Age=60; HttpOnly; Secure\r\n\
    Content-Security-Policy: default-src 'none'; img-src 'self' data:\r\n\
    Cache-Control: no-store, max-age=0\r\n\r\n5;a=\"b\"\r\nHello\r\n006\r\n World\r\n0\r\nDigest: x\r\n\r\n";

/// `name = value` of all leaves with text or numbers, in order.
fn leaves(field: &Field) -> Vec<String> {
    field
        .walk()
        .filter(|field| field.children.is_empty())
        .filter_map(|field| {
            let value = match &field.value {
                Value::Text(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Code { number, name } => {
                    format!("{number} {}", name.as_deref().unwrap_or("?"))
                }
                Value::Group | Value::Bytes => return None,
            };
            Some(format!("{} = {value}", field.name))
        })
        .collect()
}

fn problems(field: &Field) -> Vec<String> {
    field
        .walk()
        .filter_map(|field| field.problem.as_deref().map(str::to_owned))
        .collect()
}

fn secrets(field: &Field) -> Vec<String> {
    leaves(
        &Field::group("", 0..0, "").children(
            field
                .walk()
                .filter(|field| field.secret && field.children.is_empty())
                .cloned()
                .collect(),
        ),
    )
}

fn request(text: &str) -> Field {
    let field = dissect_request(text.as_bytes());
    assert_eq!(field.flaw(), None, "{text:?}");
    field
}

fn response(text: &str) -> Field {
    let field = dissect_response(text.as_bytes(), None);
    assert_eq!(field.flaw(), None, "{text:?}");
    field
}

#[test]
fn a_request_shows_each_of_its_parts() {
    let field = dissect_request(FORM);
    assert_eq!(field.flaw(), None);
    assert_eq!(problems(&field), [""; 0]);
    assert_eq!(
        leaves(&field),
        [
            "method = POST",
            "absolute-path = /login",
            "name = next",
            "value = /chat",
            "name = x",
            "value = 1",
            "HTTP-version = HTTP/1.1",
            "field-name = Host",
            "uri-host = 127.0.0.1",
            "port = 8080",
            "field-name = Origin",
            "field-value = http://127.0.0.1:8080",
            "field-name = Content-Type",
            "value = application/x-www-form-urlencoded",
            "field-name = Cookie",
            "cookie-name = theme",
            "cookie-value = dark",
            "cookie-name = sid_plain",
            "cookie-value = abc",
            "field-name = Sec-Fetch-Site",
            "field-value = same-origin",
            "field-name = Content-Length",
            "field-value = 43",
            "name = username",
            "value = ana",
            "name = password",
            "value = a b+correct horse",
        ]
    );
    assert_eq!(
        secrets(&field),
        ["cookie-value = abc", "value = a b+correct horse"]
    );
}

#[test]
fn a_response_shows_each_of_its_parts() {
    let field = dissect_response(CHUNKED, Some("GET"));
    assert_eq!(field.flaw(), None);
    assert_eq!(problems(&field), [""; 0]);
    assert_eq!(
        leaves(&field),
        [
            "HTTP-version = HTTP/1.1",
            "status-code = 200 OK",
            "reason-phrase = OK",
            "field-name = Transfer-Encoding",
            "member = chunked",
            "field-name = Content-Type",
            "value = text/plain",
            "field-name = Set-Cookie",
            "cookie-name = __Host-sid",
            "cookie-value = abc",
            "attribute-name = Path",
            "attribute-value = /",
            "attribute-name = Max-Age",
            "attribute-value = 60",
            "cookie-av = HttpOnly",
            "cookie-av = Secure",
            "field-name = Content-Security-Policy",
            "directive-name = default-src",
            "directive-value = 'none'",
            "directive-name = img-src",
            "directive-value = 'self' data:",
            "field-name = Cache-Control",
            "member = no-store",
            "token = max-age",
            "value = 0",
            "chunk-size = 5",
            "chunk-ext = ;a=\"b\"",
            "chunk-data = Hello",
            "chunk-size = 6",
            "chunk-data =  World",
            "chunk-size = 0",
            "field-name = Digest",
            "field-value = x",
        ]
    );
    assert_eq!(secrets(&field), ["cookie-value = abc"]);
}

#[test]
fn basic_credentials_are_read_and_others_are_kept_as_they_are() {
    let basic =
        request("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YW5hOnNlY3JldA==\r\n\r\n");
    assert_eq!(secrets(&basic), ["credentials = ana:secret"]);
    let bearer = request("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer abc\r\n\r\n");
    assert_eq!(secrets(&bearer), ["credentials = abc"]);
}

#[test]
fn commas_within_quotation_marks_separate_nothing() {
    let field = request(
        "GET / HTTP/1.1\r\nHost: [::1]:8443\r\nSec-CH-UA: \"Not A, Brand\";v=\"9\", \"B\\\",\"\r\n\r\n",
    );
    let leaves = leaves(&field);
    assert!(
        leaves.contains(&"uri-host = [::1]".to_owned()),
        "{leaves:?}"
    );
    assert!(
        leaves.contains(&"member = \"B\\\",\"".to_owned()),
        "{leaves:?}"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table is read by its rows")]
fn broken_messages_say_what_is_wrong_and_where() {
    for (text, part, problem) in [
        ("GET /\r\n\r\n", "start-line", "The first line is not"),
        ("GET / HTTP/2.0\r\n\r\n", "start-line", "This server speaks"),
        (
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "field-name",
            "A blank stands",
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
            "field-name",
            "no valid name",
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
            "field-name",
            "no valid name",
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
            "obs-fold",
            "begins with a blank",
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
            "LF",
            "line feed alone",
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n",
            "field-value",
            "carriage return",
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX: \u{1}\r\n\r\n",
            "field-value",
            "control character",
        ),
        ("GET / HTTP/1.1\r\n\r\n", "request", "requires a Host field"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "request",
            "more than one Host",
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\n", "request", "has not ended"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc",
            "content",
            "2 bytes of this content",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
            "request",
            "5 bytes of content",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\nabc",
            "field-value",
            "not a decimal",
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nabc",
            "bytes behind the message",
            "has ended",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "request",
            "both Content-Length and Transfer-Encoding",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "chunk",
            "not a hexadecimal",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
            "chunk",
            "6 bytes of this chunk",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
            "chunk",
            "does not end where",
        ),
        (
            "\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "empty lines",
            "line feed alone",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\n",
            "CRLF",
            "line feed alone",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            "chunked-body",
            "have not ended",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 4\r\n\r\na=%4",
            "value",
            "broken escape",
        ),
    ] {
        let field = request(text);
        let found = field.walk().any(|field| {
            field.name == part
                && field
                    .problem
                    .as_ref()
                    .is_some_and(|said| said.contains(problem))
        });
        assert!(found, "{text:?}: {:?}", problems(&field));
    }
    for (text, problem) in [
        ("HTTP/1.1 OK\r\n\r\n", "three digits"),
        ("HTTP/1.1 20 OK\r\n\r\n", "three digits"),
        ("HTTP/1.1  200 OK\r\n\r\n", "three digits"),
        ("HTTP/2 200\r\n\r\n", "three digits"),
    ] {
        assert!(
            problems(&response(text))
                .iter()
                .any(|said| said.contains(problem)),
            "{text:?}"
        );
    }
    for text in [
        "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.0 200 \r\n\r\n",
        "HTTP/1.1 799 Odd\r\n\r\nto the end",
    ] {
        assert_eq!(problems(&response(text)), [""; 0], "{text:?}");
    }
}

#[test]
fn the_answer_to_head_has_no_content_and_misses_none() {
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    assert_eq!(
        problems(&dissect_response(text.as_bytes(), Some("HEAD"))),
        [""; 0]
    );
    assert_eq!(
        problems(&dissect_response(text.as_bytes(), Some("GET"))).len(),
        1
    );
}

#[test]
fn every_prefix_makes_a_tree_without_a_flaw() {
    for (message, dissect) in [
        (FORM, dissect_request as fn(&[u8]) -> Field),
        (CHUNKED, |bytes| dissect_response(bytes, None)),
    ] {
        for end in 0..message.len() {
            let field = dissect(&message[..end]);
            assert_eq!(field.flaw(), None);
            assert!(!problems(&field).is_empty(), "cut to {end}");
        }
    }
}

#[test]
fn a_broken_message_makes_a_tree_without_a_flaw() {
    for message in [FORM, CHUNKED] {
        for copy in mutation::of(message) {
            for field in [dissect_request(&copy), dissect_response(&copy, None)] {
                assert_eq!(field.flaw(), None, "{}", copy.escape_ascii());
                assert_eq!(field.bytes, 0..copy.len());
            }
        }
    }
}

/// What the server refuses in a head has a problem in the tree, and what it accepts has none.
#[test]
fn the_tree_and_the_server_agree_on_what_is_wrong() {
    let head = &FORM[..FORM.len() - 43];
    let (mut refused, mut accepted) = (0, 0);
    for copy in mutation::of(head) {
        let head = Head::read(&copy);
        let mut source = Source::new(&copy);
        let mut row = Row::from(0);
        row.add(start_line::request_line(&mut source, &head.start_line));
        field_line::field_lines(&mut source, &head.fields, Place::Request, &mut row);
        let end = head.end();
        let field = Field::group("head", 0..end, "").children(row.done(end));
        let problems: Vec<_> = problems(&field)
            .into_iter()
            .filter(|problem| !problem.contains("decimal number"))
            .collect();
        match decode_request_head(&copy, &mut Scanned::default()) {
            // A method that nobody knows is not wrong.
            Ok(Progress::NeedMore) | Err(HeadError::UnknownMethod) => {}
            Ok(Progress::Done { .. }) => {
                accepted += 1;
                assert_eq!(problems, [""; 0], "{}", copy.escape_ascii());
            }
            Err(error) => {
                refused += 1;
                assert!(
                    !problems.is_empty() || head.fields.empty_line.is_none(),
                    "{error:?} {}",
                    copy.escape_ascii()
                );
            }
        }
    }
    assert!(refused > 300 && accepted > 300, "{refused} {accepted}");
}

#[test]
fn parts_without_number_cost_no_more_than_their_limit() {
    let many = 100_000;
    for text in [
        format!("GET /?{} HTTP/1.1\r\nHost: a\r\n\r\n", "&=".repeat(many)),
        format!("GET / HTTP/1.1\r\n{}\r\n", "a:\r\n".repeat(many)),
        format!("GET / HTTP/1.1\r\nCookie:{}\r\n\r\n", "a;".repeat(many)),
        format!(
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{}",
            "1\r\nx\r\n".repeat(many)
        ),
        "\r\n".repeat(many),
    ] {
        let field = request(&text);
        let count = field.walk().count();
        assert!(count < super::super::source::PARTS_MAX * 2, "{count}");
    }
}
