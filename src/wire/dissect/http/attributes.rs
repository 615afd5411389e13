//! What the members of field values are for: cookie attributes, policy directives, cache directives; and their names and values.
//! One plain sentence for each; their grammar is in `pairs`.

use super::pairs::Spelling;

/// The sentence for a member called `name`.
pub(super) fn meaning(spelling: Spelling, is_first: bool, name: &str) -> &'static str {
    let name = name.to_ascii_lowercase();
    match spelling {
        Spelling::SetCookie if !is_first => of_cookie(&name),
        Spelling::Cookie | Spelling::SetCookie => {
            "A cookie: the browser repeats it with every request, until it expires."
        }
        Spelling::Query => "A parameter of the query.",
        Spelling::Form | Spelling::FormInChunk => "A field of the form, as it was filled in.",
        Spelling::Directives => of_policy(&name),
        Spelling::List | Spelling::Parameters => of_list(&name).unwrap_or(match spelling {
            Spelling::List => "One member of the list.",
            _ if is_first => "What it is; parameters may follow that say more.",
            _ => "A parameter: it says more of what stands before it.",
        }),
    }
}

/// The sentence for the name of a pair.
pub(super) fn of_name(spelling: Spelling, is_first: bool) -> &'static str {
    match spelling {
        Spelling::Query => "What the parameter is called.",
        Spelling::Form | Spelling::FormInChunk => "What the page calls this field of its form.",
        Spelling::SetCookie if !is_first => "Which attribute; upper and lower case mean the same.",
        Spelling::Cookie | Spelling::SetCookie => "What the server calls this cookie.",
        Spelling::Directives => "Which directive.",
        Spelling::List | Spelling::Parameters => "What is spoken of.",
    }
}

/// The sentence for the value of a pair.
pub(super) fn of_value(spelling: Spelling, is_first: bool) -> &'static str {
    match spelling {
        Spelling::Query => "What the parameter says.",
        Spelling::Form | Spelling::FormInChunk => "What was filled in.",
        Spelling::SetCookie if !is_first => "What holds for the cookie.",
        Spelling::Cookie | Spelling::SetCookie => {
            "The cookie's value: whoever sends it is taken for its owner, if it names a session."
        }
        Spelling::Directives => "What the directive allows.",
        Spelling::List | Spelling::Parameters => "What is said of it.",
    }
}

fn of_cookie(name: &str) -> &'static str {
    match name {
        "path" => "Only for URLs below this path.",
        "domain" => "For this domain and all below it; without it, for this host alone.",
        "max-age" => "How many seconds the cookie is kept; 0 removes it.",
        "expires" => "Until when the cookie is kept.",
        "secure" => "Only sent over TLS, so that no eavesdropper reads it.",
        "httponly" => "Out of reach of scripts, so that injected ones cannot read it.",
        "samesite" => "Whether it goes along with requests that other sites cause.",
        "partitioned" => "Kept apart for each site that embeds this one.",
        _ => {
            "An attribute that this program knows nothing about; browsers pass over those they do not know."
        }
    }
}

fn of_policy(name: &str) -> &'static str {
    match name {
        "default-src" => "Where anything may be loaded from that no other directive speaks of.",
        "script-src" => "Where scripts may be loaded from.",
        "style-src" => "Where style sheets may be loaded from.",
        "img-src" => "Where images may be loaded from.",
        "font-src" => "Where fonts may be loaded from.",
        "connect-src" => "Where scripts may connect to, WebSockets too.",
        "form-action" => "Where forms may be sent to.",
        "base-uri" => "Which base URL the page may set.",
        "frame-ancestors" => "Which pages may show this one in a frame.",
        "frame-src" => "Which pages this one may show in a frame.",
        "object-src" => "Where plug-in content may be loaded from.",
        "upgrade-insecure-requests" => "Turn http: URLs of the page into https:.",
        _ => "A directive that this program knows nothing about.",
    }
}

fn of_list(name: &str) -> Option<&'static str> {
    Some(match name {
        "no-store" => "Keep no copy of this.",
        "no-cache" => "Ask again before using a copy of this.",
        "private" => "Only the browser itself may keep a copy.",
        "public" => "Anybody on the way may keep a copy.",
        "max-age" => "For how many seconds a copy is good.",
        "immutable" => "This will never change: no need to ask again.",
        "must-revalidate" => "Once too old, a copy must not be used without asking.",
        "keep-alive" => "The connection stays open for more requests.",
        "close" => "The connection ends after this.",
        "upgrade" => "The connection is to change its protocol.",
        "websocket" => "The WebSocket protocol (RFC 6455).",
        "chunked" => "In chunks, each with its length in front.",
        "gzip" | "br" | "zstd" | "deflate" => "A way to compress.",
        "charset" => "How the text is encoded.",
        "boundary" => "The line that separates the parts of the content.",
        "permessage-deflate" => "Compressed messages (RFC 7692).",
        "q" => "How much this is preferred, from 0 to 1.",
        _ => return None,
    })
}
