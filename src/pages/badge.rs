//! The badge on every page: what protects this very connection, or that nothing does.
//! It tells what was negotiated, never what was configured.

use crate::app::App;
use crate::assets::AssetError;
use crate::template::{Markup, Value};

use super::request::{Encrypted, Via};

/// The badge of the connection that a page is sent over.
pub(super) fn render(app: &App, via: &Via) -> Result<Markup, AssetError> {
    let Some(Encrypted { negotiated, setup }) = &via.tls else {
        return app.assets.render("badge_http.html", &[]);
    };
    let certificate = &setup.certificate;
    let is_given = app.config.certificate_named || setup.settings.files.is_some();
    let name = if is_given {
        "certificate_given.html"
    } else {
        "certificate_self_signed.html"
    };
    let certificate = app.assets.render(
        name,
        &[("fingerprint", Value::Text(&certificate.fingerprint))],
    )?;
    // A resumed TLS 1.2 session makes no new secret, so it has no group.
    let group = negotiated.group.unwrap_or("resumed");
    let key_exchange = match negotiated.group {
        Some(_) => app
            .assets
            .render("key_exchange.html", &[("group", Value::Text(group))])?,
        None => app.assets.render("key_resumed.html", &[])?,
    };
    app.assets.render(
        "badge_tls.html",
        &[
            ("version", Value::Text(negotiated.version)),
            ("suite", Value::Text(negotiated.cipher_suite)),
            ("group", Value::Text(group)),
            ("key_exchange", Value::Markup(&key_exchange)),
            ("certificate", Value::Markup(&certificate)),
        ],
    )
}

/// The warning above a password field, where the password would cross the network in clear.
pub(super) fn caution(app: &App, via: &Via) -> Result<Markup, AssetError> {
    if via.tls.is_some() {
        Ok(Markup::default())
    } else {
        app.assets.render("password_in_clear.html", &[])
    }
}
