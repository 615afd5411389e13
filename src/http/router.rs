//! Finds the page for a method and a path, in a table that reads like a table of contents.
//! The table itself belongs to the pages; a route's target can be of any type.

use std::borrow::Cow;

use super::head::Method;

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Route<T> {
    /// GET answers HEAD too.
    pub method: Method,
    /// Segments between slashes; `{}` stands for any one segment, a final `{..}` for all that follow.
    pub pattern: &'static str,
    /// What is found there.
    pub target: T,
}

impl<T> Route<T> {
    /// A page to be read.
    pub const fn get(pattern: &'static str, target: T) -> Self {
        Self {
            method: Method::Get,
            pattern,
            target,
        }
    }

    /// A form to be sent.
    pub const fn post(pattern: &'static str, target: T) -> Self {
        Self {
            method: Method::Post,
            pattern,
            target,
        }
    }
}

/// What a table says about a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a, T> {
    /// This page, with the segments that stood for `{}` or `{..}`.
    Page {
        /// The page.
        target: &'a T,
        /// In the pattern's order.
        values: Vec<&'a str>,
    },
    /// The path exists, but not for this method; the answer to OPTIONS, and the `Allow` field of a 405.
    OtherMethods {
        /// A list of methods, as `Allow` has it (RFC 9110 §10.2.1).
        allow: String,
    },
    /// No such path.
    Nothing,
}

/// Looks up `segments` (decoded, see `target::Path`) in `routes`; the first that fits wins.
pub fn find<'a, T>(
    routes: &'a [Route<T>],
    method: Method,
    segments: &'a [Cow<'a, str>],
) -> Found<'a, T> {
    let mut allow: Vec<&str> = Vec::new();
    for route in routes {
        let Some(values) = fit(route.pattern, segments) else {
            continue;
        };
        if route.method == method || (route.method == Method::Get && method == Method::Head) {
            return Found::Page {
                target: &route.target,
                values,
            };
        }
        allow.push(route.method.as_str());
        if route.method == Method::Get {
            allow.push(Method::Head.as_str());
        }
    }
    if allow.is_empty() {
        return Found::Nothing;
    }
    allow.push(Method::Options.as_str());
    allow.dedup();
    Found::OtherMethods {
        allow: allow.join(", "),
    }
}

fn fit<'a>(pattern: &str, segments: &'a [Cow<'a, str>]) -> Option<Vec<&'a str>> {
    let mut values = Vec::new();
    let mut pattern = pattern;
    for (at, segment) in segments.iter().enumerate() {
        let parts = pattern.strip_prefix('/')?;
        // A few bytes: looking at each is quicker than a search.
        let len = parts.bytes().position(|byte| byte == b'/');
        let (part, rest) = parts.split_at_checked(len.unwrap_or(parts.len()))?;
        match part {
            "{..}" => {
                let behind = segments.get(at..).unwrap_or_default();
                values.extend(behind.iter().map(AsRef::as_ref));
                return Some(values);
            }
            "{}" => values.push(segment.as_ref()),
            _ if part == segment => {}
            _ => return None,
        }
        pattern = rest;
    }
    pattern.is_empty().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &[Route<&str>] = &[
        Route::get("/", "home"),
        Route::get("/login", "form"),
        Route::post("/login", "log in"),
        Route::get("/chat/{}", "chat"),
        Route::post("/groups/{}/join", "join"),
        Route::get("/static/{..}", "file"),
    ];

    fn look(method: Method, path: &str) -> String {
        let segments: Vec<_> = path.split('/').skip(1).map(Cow::from).collect();
        match find(ROUTES, method, &segments) {
            Found::Page { target, values } => format!("{target} {values:?}"),
            Found::OtherMethods { allow } => format!("405 {allow}"),
            Found::Nothing => "404".to_owned(),
        }
    }

    #[test]
    fn a_request_finds_its_page_and_the_values_in_its_path() {
        for (method, path, page) in [
            (Method::Get, "/", "home []"),
            (Method::Head, "/login", "form []"),
            (Method::Post, "/login", "log in []"),
            (Method::Get, "/chat/12", "chat [\"12\"]"),
            (Method::Post, "/groups/3/join", "join [\"3\"]"),
            (
                Method::Get,
                "/static/v1/app.js",
                "file [\"v1\", \"app.js\"]",
            ),
            (Method::Get, "/static/", "file [\"\"]"),
        ] {
            assert_eq!(look(method, path), page, "{path}");
        }
    }

    #[test]
    fn what_is_not_in_the_table_is_not_there() {
        for path in [
            "/Login",
            "/login/",
            "//login",
            "/chat",
            "/chat/1/2",
            "/groups/3/leave",
            "/groups/3",
            "/x",
            "",
        ] {
            assert_eq!(look(Method::Get, path), "404", "{path}");
        }
    }

    #[test]
    fn a_slash_that_was_decoded_is_no_border() {
        for segments in [["groups/3", "join"], ["groups", "3/join"]] {
            let segments = segments.map(Cow::from);
            let found = find(ROUTES, Method::Post, &segments);
            assert_eq!(found, Found::Nothing, "{segments:?}");
        }
    }

    #[test]
    fn another_method_is_told_which_ones_there_are() {
        assert_eq!(
            look(Method::Delete, "/login"),
            "405 GET, HEAD, POST, OPTIONS"
        );
        assert_eq!(look(Method::Get, "/groups/3/join"), "405 POST, OPTIONS");
        assert_eq!(look(Method::Options, "/chat/1"), "405 GET, HEAD, OPTIONS");
    }
}
