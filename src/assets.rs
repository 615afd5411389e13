//! Templates and static files: built into the binary, or read from a folder while someone edits them.
//! What a page shows or which fields a file is sent with is decided in `pages`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest;
use bytes::Bytes;

use crate::http::date;
use crate::octets::hex;
use crate::template::{Markup, Template, Value};

/// The largest file that is read from an assets folder: ours have some 20 KiB, and each is held in memory while it is sent.
const FILE_LEN_MAX: u64 = 4 * 1024 * 1024;

/// Name and text of each built-in file, from one list, so that none is forgotten.
macro_rules! built_in {
    ($folder:literal, $include:ident: $($name:literal),+ $(,)?) => {
        &[$(($name, $include!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $folder, "/", $name)))),+]
    };
}

const TEMPLATES: &[(&str, &str)] = built_in!("templates", include_str:
    "account.html", "badge_http.html", "badge_tls.html", "certificate_given.html",
    "certificate_self_signed.html", "chat.html", "conversation.html", "error.html", "guest.html",
    "join.html", "key_exchange.html", "key_resumed.html", "layout.html", "login.html",
    "password_in_clear.html", "register.html", "someone.html", "user.html", "wire.html",
    "wire_compare.html", "wire_link.html", "wire_paper.html", "wire_paper_head.html", "wire_rows.html", "wire_view.html",
);

const STATIC_FILES: &[(&str, &[u8])] = built_in!("static", include_bytes:
    "chat.js", "composer.js", "connection.js", "conversation.js", "editing.js", "favicon.svg",
    "groups.js", "markup.js", "memory.js", "message_row.js", "messages.js", "news.js", "outbox.js",
    "panels.js", "people.js", "scroll.js", "session.js", "site.js", "socket.js", "style.css",
    "time.js", "timeline.js", "typing.js", "wire/arithmetic.js", "wire/bytes.js", "wire/compare.js",
    "wire/connections.js", "wire/document_source.js", "wire/explanation.js", "wire/field_tree.js",
    "wire/filter.js", "wire/focus.js", "wire/hex_view.js", "wire/in_place.js", "wire/inspector.js",
    "wire/items.js", "wire/lanes.js", "wire/live.js", "wire/overview.js", "wire/paper.js",
    "wire/search.js", "wire/timeline.js", "wire/values.js", "wire/view.js", "wire/virtual_list.js",
    "wire/wire.css", "wire/wire.js", "wire/words.js",
);

/// All templates and static files, and the version that stands in their URLs.
pub struct Assets {
    version: String,
    base: String,
    folder: Option<PathBuf>,
    templates: BTreeMap<&'static str, Template>,
    files: BTreeMap<&'static str, StaticFile>,
}

/// A static file, ready to be sent: a copy of it shares everything.
#[derive(Debug, Clone)]
pub struct StaticFile {
    /// By its ending.
    pub content_type: &'static str,
    /// All of it.
    pub content: Bytes,
    /// A strong entity tag, with its quotes: a digest of the content.
    pub etag: Arc<str>,
    /// Seconds since 1970.
    pub last_modified: u64,
    /// The same, as HTTP writes it.
    pub last_modified_text: Arc<str>,
}

/// Why assets cannot be used. `Display` is one sentence with its cure.
#[derive(Debug)]
pub struct AssetError(String);

impl fmt::Display for AssetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AssetError {}

impl Assets {
    /// `folder` holds `templates` and `static`, to be read anew for each request; without one, what
    /// was built in is used. `version` pins the version in URLs; without it, each start has its own.
    ///
    /// # Errors
    /// A folder without the two, or a template that cannot be parsed.
    pub fn load(folder: Option<PathBuf>, version: Option<String>) -> Result<Self, AssetError> {
        let now = SystemTime::now();
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let version = version.unwrap_or_else(|| format!("{:x}", since.as_millis()));
        let mut templates = BTreeMap::new();
        for &(name, text) in TEMPLATES {
            let template =
                Template::parse(text).map_err(|error| AssetError(format!("{name}: {error}")))?;
            templates.insert(name, template);
        }
        let file = |&(name, content): &(&'static str, &'static [u8])| {
            (
                name,
                StaticFile::new(name, Bytes::from_static(content), since.as_secs()),
            )
        };
        let assets = Self {
            base: format!("/static/{version}"),
            version,
            folder,
            templates,
            files: STATIC_FILES.iter().map(file).collect(),
        };
        if let Some(folder) = &assets.folder {
            if !folder.join("static").is_dir() {
                return Err(AssetError(format!(
                    "{} has no folder `static`: name the one that holds `templates` and `static` with --assets, or leave the flag out.",
                    folder.display()
                )));
            }
            for &(name, _) in TEMPLATES {
                assets.read_template(folder, name)?;
            }
        }
        Ok(assets)
    }

    /// What stands in front of each file's name in URLs: `/static/<version>`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The version of this start.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether files may change while the server runs.
    #[must_use]
    pub fn is_edited(&self) -> bool {
        self.folder.is_some()
    }

    /// Renders a template of that name.
    ///
    /// # Errors
    /// A slip in a template or in its values: a page of ours is wrong, not the request.
    pub fn render(&self, name: &str, values: &[(&str, Value<'_>)]) -> Result<Markup, AssetError> {
        let explain = |error| AssetError(format!("{name}: {error}"));
        if let Some(folder) = &self.folder {
            return self
                .read_template(folder, name)?
                .render(values)
                .map_err(explain);
        }
        let template = self
            .templates
            .get(name)
            .ok_or_else(|| AssetError(format!("There is no template {name}.")))?;
        template.render(values).map_err(explain)
    }

    /// The static file of that name: a plain name, perhaps in a plain folder, as `http::static_path` has it.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<StaticFile> {
        match &self.folder {
            None => self.files.get(name).cloned(),
            Some(folder) => read_file(&folder.join("static").join(name), name),
        }
    }

    fn read_template(&self, folder: &Path, name: &str) -> Result<Template, AssetError> {
        let path = folder.join("templates").join(name);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            AssetError(format!(
                "{} cannot be read ({error}): name the folder that holds `templates` and `static` with --assets, or leave the flag out.",
                path.display()
            ))
        })?;
        Template::parse(&text).map_err(|error| AssetError(format!("{}: {error}", path.display())))
    }
}

impl fmt::Debug for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assets")
            .field("version", &self.version)
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl StaticFile {
    fn new(name: &str, content: Bytes, last_modified: u64) -> Self {
        let digest = digest::digest(&digest::SHA256, &content);
        // Half a SHA-256 is enough to tell files apart, and all of it would only fill the log.
        let tag = digest.as_ref().get(..16).unwrap_or_default();
        Self {
            content_type: content_type(name),
            etag: format!("\"{}\"", hex(tag)).into(),
            content,
            last_modified,
            last_modified_text: date::format(last_modified).into(),
        }
    }

    /// A date in the future would make clients keep what is replaced today (RFC 9110 §8.8.2.1): it becomes `now`.
    #[must_use]
    pub fn no_later_than(mut self, now: u64) -> Self {
        if self.last_modified > now {
            self.last_modified = now;
            self.last_modified_text = date::format(now).into();
        }
        self
    }
}

fn read_file(path: &Path, name: &str) -> Option<StaticFile> {
    let metadata = std::fs::metadata(path)
        .ok()
        .filter(|metadata| metadata.is_file() && metadata.len() <= FILE_LEN_MAX)?;
    let modified = metadata
        .modified()
        .ok()?
        .duration_since(UNIX_EPOCH)
        .ok()?
        .as_secs();
    Some(StaticFile::new(
        name,
        std::fs::read(path).ok()?.into(),
        modified,
    ))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("html") => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Files with their paths below the folder.
    fn names_in(folder: &str) -> BTreeSet<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut names = BTreeSet::new();
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                let below = names_in(&format!("{folder}/{name}"));
                names.extend(below.iter().map(|file| format!("{name}/{file}")));
            } else {
                names.insert(name);
            }
        }
        names
    }

    #[test]
    fn every_file_in_the_two_folders_is_built_in() {
        let templates: BTreeSet<String> = TEMPLATES
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        assert_eq!(templates, names_in("templates"));
        let files: BTreeSet<String> = STATIC_FILES
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        assert_eq!(files, names_in("static"));
    }

    #[test]
    fn files_have_their_type_and_a_tag_of_their_content() {
        let assets = Assets::load(None, Some("v1".to_owned())).unwrap();
        assert_eq!(assets.base(), "/static/v1");
        let style = assets.file("style.css").unwrap();
        assert_eq!(style.content_type, "text/css; charset=utf-8");
        let script = assets.file("chat.js").unwrap();
        assert_eq!(script.content_type, "text/javascript; charset=utf-8");
        assert_ne!(script.etag, style.etag);
        assert!(assets.file("nothing.js").is_none());
    }

    #[test]
    fn a_folder_is_read_anew_for_each_request() {
        let folder = tempfile::tempdir().unwrap();
        for part in ["templates", "static"] {
            std::fs::create_dir(folder.path().join(part)).unwrap();
            for name in names_in(part) {
                let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(part).join(&name);
                let to = folder.path().join(part).join(&name);
                std::fs::create_dir_all(to.parent().unwrap()).unwrap();
                std::fs::copy(from, to).unwrap();
            }
        }
        let assets = Assets::load(Some(folder.path().to_owned()), None).unwrap();
        let before = assets.file("style.css").unwrap().etag;
        std::fs::write(folder.path().join("static/style.css"), "body {}").unwrap();
        assert_ne!(assets.file("style.css").unwrap().etag, before);
        std::fs::write(folder.path().join("templates/guest.html"), "<p>{{who}}</p>").unwrap();
        let guest = assets
            .render("guest.html", &[("who", Value::Text("<me>"))])
            .unwrap();
        assert_eq!(guest.as_str(), "<p>&lt;me&gt;</p>");
    }

    #[test]
    fn a_folder_without_templates_is_refused_with_the_cure() {
        let folder = tempfile::tempdir().unwrap();
        let error = Assets::load(Some(folder.path().to_owned()), None).unwrap_err();
        assert!(error.to_string().contains("--assets"), "{error}");
    }
}
