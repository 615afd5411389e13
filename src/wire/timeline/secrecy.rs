//! What a thief would find in a message, by name: `password`, `__Host-sid`, `Authorization`.
//! What is secret was decided when the message was taken apart; here it only gets the name that people know it by.

use crate::wire::field::{Field, Value};

/// The names of all that is worth stealing in a request or response, in order; they are as the sender wrote them.
pub(super) fn names(message: &Field) -> Vec<String> {
    let mut names = Vec::new();
    let mut field_line = None;
    for field in message.walk() {
        let first = field.children.first();
        if first.is_some_and(|part| part.name == "field-name") {
            field_line = Some(field);
        }
        if !field.secret {
            continue;
        }
        if let Some(name) = first.and_then(name_of_pair) {
            names.push(name.to_owned());
        } else if matches!(field.name.as_ref(), "credentials" | "field-value")
            && !field.children.iter().any(|part| part.secret)
            && let Some(line) = field_line
        {
            names.push(line.name.to_string());
        }
    }
    names
}

/// What is on the left of `=`.
fn name_of_pair(part: &Field) -> Option<&str> {
    const NAMES: [&str; 5] = [
        "name",
        "cookie-name",
        "attribute-name",
        "parameter-name",
        "token",
    ];
    match &part.value {
        Value::Text(name) if NAMES.contains(&part.name.as_ref()) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dissect::http::{dissect_request, dissect_response};

    #[test]
    fn a_secret_is_called_as_people_know_it() {
        let request = b"POST /a?token=1&x=2 HTTP/1.1\r\nHost: a\r\nCookie: sid=1; theme=2\r\n\
            Authorization: Basic YTpi\r\nX-Api-Key: 1\r\n\
            Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 14\r\n\r\nuser=a&pass=bc";
        assert_eq!(
            names(&dissect_request(request)),
            ["token", "sid", "Authorization", "X-Api-Key", "pass"]
        );
        let response =
            b"HTTP/1.1 200 OK\r\nSet-Cookie: __Host-sid=1; Path=/\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(names(&dissect_response(response, None)), ["__Host-sid"]);
        let plain = b"GET / HTTP/1.1\r\nHost: a\r\nCookie: theme=1\r\n\r\n";
        assert!(names(&dissect_request(plain)).is_empty());
    }
}
