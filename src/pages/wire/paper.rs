//! One connection on paper: the view of it as a single file that needs no server, for whoever hands something in.
//! Style, script and what is shown stand in it; it asks nobody for anything, and says so to the browser.

use std::collections::HashMap;

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
use crate::wire::log::{Cursor, Sight};
use crate::wire::timeline::{Pane, Shown};

use super::super::error;
use super::super::layout::add_own_policy_fields;
use super::super::request::Request;
use super::modules::bundle;
use super::turns::compute;
use super::watched::Watched;
use super::{error_page, list};

/// So much of what is taken apart goes into the file; a browser opens that in a second or two. What is above is left out, and said.
const SHOWN_LEN_MAX: usize = 24 * 1024 * 1024;

/// So many files are written at a time, and others wait: each takes up to a hundred megabytes while it grows.
static TURNS: Semaphore = Semaphore::const_new(2);

/// The file for one connection.
pub(super) async fn page(app: &App, request: &Request<'_>, sight: Sight) -> Response {
    let number = sight.about().number;
    let sheet = match sheet(&app.assets, number) {
        Ok(sheet) => sheet,
        Err(why) => {
            log!(app.log, "#{} no paper: {why}", request.via.number);
            return error_page(app, request, "This connection could not be put on paper.");
        }
    };
    let policy = sheet.policy.clone();
    let turn = TURNS.acquire().await;
    let written = compute(move || {
        // Held to the end of the work, even if nobody waits for it any more.
        let _turn = turn;
        Some(sheet.with(&document(&sight)?))
    })
    .await;
    let html = match written {
        Some(Some(html)) => html,
        // While this one waited for their turn, it has become somebody else's, too.
        Some(None) => return error::not_found(app, request),
        None => return error_page(app, request, "This connection could not be put on paper."),
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
/// together would take twenty times as much. `None` if it may not be seen any more.
fn document(sight: &Sight) -> Option<String> {
    let reading = sight.read(&mut Cursor::default())?;
    let carried = list::carried_by(&reading).0;
    let connection = text_of(&list::entry(sight.about(), &reading.state, &carried));
    drop(reading);
    let mut watched = Watched::new(sight.clone());
    watched.read_on(false)?;
    let (summary, proof, lessons) = watched.whole();
    let [summary, proof, lessons] = [summary, proof, lessons].map(|it| text_of(&it));
    let timeline = watched.timeline();
    let opened_ns = sight.about().opened_ns;
    let mut panes = Panes::default();
    let (mut items, mut shown) = (Row::default(), Row::default());
    for item in timeline.items() {
        items.push(&text_of(&json::item(item, opened_ns)));
        let fits = panes.written.text.len() < SHOWN_LEN_MAX;
        let taken_apart = fits.then(|| timeline.show(item.number)).flatten();
        let value = taken_apart.map_or(Value::Null, |it| panes.take(it));
        shown.push(&text_of(&value));
    }
    let (items, panes, shown) = (items.text, panes.written.text, shown.text);
    Some(format!(
        "{{\"connection\":{connection},\"items\":[{items}],\"summary\":{summary},\"proof\":{proof},\"lessons\":{lessons},\"panes\":[{panes}],\"shown\":[{shown}]}}"
    ))
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
    /// Where the records stand, by their item and how much of it is left out.
    places: HashMap<(u64, u64), usize>,
}

impl Panes {
    /// What is shown of an item, with the places of its panes instead of the panes.
    fn take(&mut self, mut shown: Shown) -> Value {
        let on_the_wire = std::mem::take(&mut shown.on_the_wire);
        let inside = std::mem::take(&mut shown.inside);
        let on_the_wire: Vec<usize> = on_the_wire.iter().map(|it| self.place_of(it)).collect();
        let inside: Vec<usize> = inside.iter().map(|it| self.write(it)).collect();
        let mut object = json::shown(&shown);
        if let Some(object) = object.as_object_mut() {
            object.insert("on_the_wire".to_owned(), json!(on_the_wire));
            object.insert("inside".to_owned(), json!(inside));
        }
        object
    }

    /// Where something stands that crossed the network. It is written out once, before the first of those that it carried: a record can
    /// carry a thousand frames.
    fn place_of(&mut self, pane: &Pane) -> usize {
        let key = (pane.item, pane.cut_bytes);
        if let Some(&place) = self.places.get(&key) {
            return place;
        }
        let place = self.write(pane);
        self.places.insert(key, place);
        place
    }

    fn write(&mut self, pane: &Pane) -> usize {
        self.written.push(&text_of(&json::pane(pane)));
        self.written.len - 1
    }
}

#[cfg(test)]
mod tests;
