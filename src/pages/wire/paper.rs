//! One connection on paper: the view of it as a single file that needs no server, for whoever hands something in.
//! Style, script and what is shown stand in it; it asks nobody for anything, and says so to the browser.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::assets::Assets;
use crate::http::{Response, StatusCode};
use crate::log;
use crate::template::Value as Place;
use crate::wire::json;
use crate::wire::log::Recorder;
use crate::wire::timeline::Shown;

use super::super::layout::add_own_policy_fields;
use super::super::request::Request;
use super::modules::bundle;
use super::watched::Watched;
use super::{error_page, list};

/// So much of what is taken apart goes into the file; a browser opens that in a second or two. What is above is left out, and said.
const SHOWN_LEN_MAX: usize = 24 * 1024 * 1024;

/// So many files are written at a time, and others wait: each takes up to a hundred megabytes while it grows.
static TURNS: Semaphore = Semaphore::const_new(2);

/// The file for one connection.
pub(super) async fn page(app: &App, request: &Request<'_>, recorder: Arc<Recorder>) -> Response {
    let number = recorder.about().number;
    let sheet = match sheet(&app.assets, number) {
        Ok(sheet) => sheet,
        Err(why) => {
            log!(app.log, "#{} no paper: {why}", request.via.number);
            return error_page(app, request, "This connection could not be put on paper.");
        }
    };
    let policy = sheet.policy.clone();
    let turn = TURNS.acquire().await;
    let written = tokio::task::spawn_blocking(move || {
        // Held to the end of the work, even if nobody waits for it any more.
        let _turn = turn;
        sheet.with(&document(&recorder))
    })
    .await;
    let Ok(html) = written else {
        return error_page(app, request, "This connection could not be put on paper.");
    };
    let mut response = Response::with_content(StatusCode::OK, "text/html; charset=utf-8", html);
    add_own_policy_fields(app, request, &mut response, &policy);
    response
}

/// The file without what is shown in it.
struct Sheet {
    before: String,
    behind: String,
    policy: String,
}

impl Sheet {
    fn with(self, document: &str) -> String {
        self.before + document + &self.behind
    }
}

fn sheet(assets: &Assets, number: u64) -> Result<Sheet, String> {
    let file = |path: &str| {
        let content = assets.file(path)?.content;
        String::from_utf8(content.to_vec()).ok()
    };
    let css = |path: &str| file(path).ok_or_else(|| format!("{path} is missing"));
    let style = css("style.css")? + &css("wire/wire.css")?;
    if style.to_ascii_lowercase().contains("</style") {
        return Err("a style sheet holds “</style”".to_owned());
    }
    let script = bundle("wire/paper.js", &file).map_err(|error| error.to_string())?;
    let render = |name: &str, values: &[(&str, Place<'_>)]| {
        assets
            .render(name, values)
            .map_err(|error| error.to_string())
    };
    let view = render("wire_view.html", &[])?;
    let rows = render("wire_rows.html", &[])?;
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        hash_of(&script),
        hash_of(&style)
    );
    let head = render(
        "wire_paper_head.html",
        &[
            ("number", Place::Text(&number.to_string())),
            ("policy", Place::Text(&policy)),
        ],
    )?;
    let body = render(
        "wire_paper.html",
        &[
            ("view", Place::Markup(&view)),
            ("rows", Place::Markup(&rows)),
        ],
    )?;
    let before = format!(
        "{}<style>{style}</style>\n</head>\n<body class=\"page-paper\">\n{}<script type=\"application/json\">",
        head.as_str(),
        body.as_str()
    );
    let behind = format!("</script>\n<script>{script}</script>\n</body>\n</html>\n");
    Ok(Sheet {
        before,
        behind,
        policy,
    })
}

/// What a content security policy lets through: exactly this text.
fn hash_of(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    format!("sha256-{}", STANDARD.encode(digest))
}

/// All that is known of a connection, as `static/wire/document_source.js` reads it. It is written piece by piece: as values, all of it
/// together would take twenty times as much.
fn document(recorder: &Arc<Recorder>) -> String {
    let mut watched = Watched::new(Arc::clone(recorder));
    watched.read_on(false);
    let (summary, proof, lessons) = watched.whole();
    let [summary, proof, lessons] = [summary, proof, lessons].map(|it| text_of(&it));
    let carried = list::carried_by(recorder).0;
    let connection = text_of(&list::entry(recorder, &recorder.state(), &carried));
    let timeline = watched.timeline();
    let opened_ns = recorder.about().opened_ns;
    let mut panes = Panes::default();
    let (mut items, mut shown) = (Row::default(), Row::default());
    for item in timeline.items() {
        items.push(&text_of(&json::item(item, opened_ns)));
        let fits = panes.written.text.len() < SHOWN_LEN_MAX;
        let taken_apart = timeline.show(item.number).filter(|_| fits);
        let value = taken_apart.map_or(Value::Null, |it| panes.take(&it));
        shown.push(&text_of(&value));
    }
    let (items, panes, shown) = (items.text, panes.written.text, shown.text);
    format!(
        "{{\"connection\":{connection},\"items\":[{items}],\"summary\":{summary},\"proof\":{proof},\"lessons\":{lessons},\"panes\":[{panes}],\"shown\":[{shown}]}}"
    )
}

/// A value as it may stand within a script, where nothing is escaped but what could end it: `<` is the same to JSON by its number.
fn text_of(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c")
}

/// Values with commas between them.
#[derive(Default)]
struct Row {
    text: String,
    len: usize,
}

impl Row {
    fn push(&mut self, value: &str) {
        if self.len > 0 {
            self.text.push(',');
        }
        self.text.push_str(value);
        self.len += 1;
    }
}

/// Panes, each once: a record stands with itself and with all that it carried.
#[derive(Default)]
struct Panes {
    written: Row,
    /// Where they stand, by their SHA-256.
    places: HashMap<Vec<u8>, usize>,
}

impl Panes {
    /// What is shown of an item, with the places of its panes instead of the panes.
    fn take(&mut self, shown: &Shown) -> Value {
        let mut object = json::shown(shown);
        for side in ["on_the_wire", "inside"] {
            if let Some(panes) = object.get_mut(side).and_then(Value::as_array_mut) {
                for pane in panes {
                    *pane = json!(self.place_of(&text_of(pane)));
                }
            }
        }
        object
    }

    fn place_of(&mut self, pane: &str) -> usize {
        let hash = digest::digest(&digest::SHA256, pane.as_bytes());
        let next = self.written.len;
        let place = *self.places.entry(hash.as_ref().to_vec()).or_insert(next);
        if place == next {
            self.written.push(pane);
        }
        place
    }
}

#[cfg(test)]
mod tests;
