//! What the numbers of status codes mean (RFC 9110 §15 and the IANA registry).
//! Only words: which of them this server sends is known to `http::status`.

use std::ops::Range;

use crate::wire::field::{Field, Value};

/// The status code of a response, with its name.
pub(super) fn field(status_code: u16, at: Range<usize>) -> Field {
    let value = Value::Code {
        number: status_code.into(),
        name: name(status_code).map(Into::into),
    };
    Field::leaf("status-code", at, value, "RFC 9110 §15")
        .meaning(meaning(status_code))
        .wireshark("http.response.code")
}

fn meaning(status_code: u16) -> &'static str {
    match status_code {
        100 => "Go on and send the content.",
        101 => "Agreed: from here on this connection speaks the other protocol.",
        200 => "Done, and here it is.",
        204 => "Done, and there is nothing to show.",
        206 => "Here is the part that was asked for.",
        301 | 308 => "It lives elsewhere now, for good.",
        302 | 307 => "It is elsewhere for the moment.",
        303 => "Done; now fetch that page with GET.",
        304 => "The copy you have is still right.",
        400 => "The request is not understood.",
        401 => "First say who you are.",
        403 => "Understood, and refused.",
        404 => "There is nothing of that name.",
        405 => "That cannot be done to this resource.",
        426 => "First change to another protocol.",
        429 => "Too many requests: wait.",
        431 => "The head of the request is too long.",
        503 => "Not now: the server is busy or stopping.",
        _ => meaning_of_class(status_code / 100),
    }
}

fn meaning_of_class(first_digit: u16) -> &'static str {
    match first_digit {
        1 => "News on the way; the answer itself comes later.",
        2 => "Done.",
        3 => "Look elsewhere.",
        4 => "Refused: the client would have to ask otherwise.",
        5 => "The server failed.",
        _ => "A code outside the five classes.",
    }
}

/// The registry's name.
pub(super) fn name(status_code: u16) -> Option<&'static str> {
    Some(match status_code {
        100 => "Continue",
        101 => "Switching Protocols",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        208 => "Already Reported",
        226 => "IM Used",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        _ => return name_from_426(status_code),
    })
}

fn name_from_426(status_code: u16) -> Option<&'static str> {
    Some(match status_code {
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        506 => "Variant Also Negotiates",
        507 => "Insufficient Storage",
        508 => "Loop Detected",
        511 => "Network Authentication Required",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::StatusCode;

    #[test]
    fn the_names_are_those_that_the_server_sends() {
        let mut count = 0;
        for number in 100..600 {
            if let Some(code) = StatusCode::from_number(number) {
                assert_eq!(name(number), Some(code.reason_phrase()));
                count += 1;
            }
        }
        assert!(count > 20);
    }
}
