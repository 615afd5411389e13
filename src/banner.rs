//! What the server says when it starts: where to open it, where its things lie, and who can read along.
//! To people on a terminal; programs find the URLs at the beginning of a line.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;

use crate::app::{App, InstructorKey};
use crate::config::Exports;
use crate::http::target::Scheme;
use crate::server::Port;
use crate::start_url::{self, Machine};
use crate::tls::{self, Tls};

/// Files that are open besides connections: databases, log, sockets that listen.
const OTHER_FILES: u64 = 64;

/// Prints the banner to standard output.
///
/// `live` is where captures are streamed from, if they are.
pub fn print(app: &App, ports: &[Port], live: Option<SocketAddr>, files_max: Option<u64>) {
    let addresses: Vec<_> = ports
        .iter()
        .map(|port| (port.scheme, port.address))
        .collect();
    let text = text(app, &addresses, live, files_max);
    // A closed standard output is no reason not to serve.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

fn text(
    app: &App,
    ports: &[(Scheme, SocketAddr)],
    live: Option<SocketAddr>,
    files_max: Option<u64>,
) -> String {
    let mut text = format!("Secure Chat Demo {}\n\n", env!("CARGO_PKG_VERSION"));
    let machine = Machine {
        host_name: tls::host_name(),
        lan_addresses: tls::lan_addresses(),
    };
    let mut own_urls = Vec::new();
    for scheme in [Scheme::Http, Scheme::Https] {
        // All addresses of one scheme have the same port, and the first is always there.
        if let Some((_, bound)) = ports.iter().find(|(other, _)| *other == scheme) {
            let urls = start_url::to_print(&app.config.host, scheme, *bound, &machine);
            for url in &urls {
                let _ = writeln!(text, "{url}");
            }
            let _ = writeln!(text, "  {}", eavesdropper(scheme));
            own_urls.extend(urls.into_iter().last());
        }
    }
    if let Some(key) = &app.instructor {
        write_instructor(&mut text, key, &own_urls);
    }
    let _ = writeln!(text, "\nData         {}", app.config.data.display());
    if let Some(tls) = &app.tls {
        write_certificate(&mut text, tls);
    }
    if let Some(path) = &app.config.log {
        let _ = writeln!(text, "Log          {}", path.display());
    }
    let live = live.map_or_else(Vec::new, |bound| start_url::reachable(bound, &machine));
    write_exports(&mut text, &app.config.exports, &live);
    for note in app
        .config
        .notes()
        .into_iter()
        .chain(few_files(app, files_max))
    {
        let _ = writeln!(text, "Note: {note}");
    }
    text.push_str("\nCtrl-C stops the server.\n\n");
    text
}

/// The URLs that show everything, one for each side. Not at the beginning of a line: those are for everybody.
fn write_instructor(text: &mut String, key: &InstructorKey, own_urls: &[String]) {
    text.push('\n');
    for (index, url) in own_urls.iter().enumerate() {
        let what = if index == 0 { "Instructor" } else { "" };
        let _ = writeln!(text, "{what:<12} {url}/wire?key={}", key.as_str());
    }
    let _ = writeln!(
        text,
        "  Whoever opens it sees the connections of everybody, with their keys, passwords and messages."
    );
}

fn write_certificate(text: &mut String, tls: &Tls) {
    let setup = tls.setup();
    let certificate = &setup.certificate;
    let made = if certificate.made_now {
        ", made just now"
    } else {
        ""
    };
    let _ = writeln!(
        text,
        "Certificate  {}{made}",
        certificate.files.certificate.display()
    );
    let _ = writeln!(text, "  SHA-256    {}", certificate.fingerprint);
    let _ = writeln!(
        text,
        "  valid until {}",
        crate::http::date::format(u64::try_from(certificate.not_after.0).unwrap_or_default())
    );
    for rehearsal in &setup.rehearsals {
        let _ = writeln!(
            text,
            "  self-test  {}: {} bytes from the client, {} from the server",
            rehearsal.negotiated, rehearsal.client_bytes, rehearsal.server_bytes
        );
    }
    for warning in &certificate.warnings {
        let _ = writeln!(text, "  note: {warning}");
    }
}

/// Where Wireshark finds what is handed out for it.
fn write_exports(text: &mut String, exports: &Exports, live: &[SocketAddr]) {
    if let Some(capture) = &exports.capture {
        let _ = writeln!(text, "Capture      {}", capture.path.display());
    }
    for (index, address) in live.iter().enumerate() {
        let what = if index == 0 { "Live" } else { "" };
        let _ = writeln!(text, "{what:<12} wireshark -k -i TCP@{address}");
    }
    if let Some(key_log) = &exports.key_log {
        let _ = writeln!(text, "Key log      {}", key_log.path.display());
    }
}

fn eavesdropper(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Http => "Anyone on the way reads everything: passwords, cookies and messages.",
        Scheme::Https => {
            "Anyone on the way reads addresses, the server's name, sizes and times; nothing of what is said."
        }
    }
}

fn few_files(app: &App, files_max: Option<u64>) -> Option<String> {
    let wanted = u64::try_from(app.config.limits.connections_max).ok()? + OTHER_FILES;
    let files_max = files_max.filter(|files_max| *files_max < wanted)?;
    Some(format!(
        "the system allows this program {files_max} open files, so some {} connections; raise the limit with `ulimit -Hn {wanted}`.",
        files_max.saturating_sub(OTHER_FILES)
    ))
}
