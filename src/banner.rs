//! What the server says when it starts: where to open it, where its things lie, and who can read along.
//! To people on a terminal; programs find the URLs at the beginning of a line.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;

use crate::app::App;
use crate::config::Host;
use crate::http::target::Scheme;
use crate::server::Port;

/// Files that are open besides connections: databases, log, sockets that listen.
const OTHER_FILES: u64 = 64;

/// Prints the banner to standard output.
pub fn print(app: &App, ports: &[Port], files_max: Option<u64>) {
    let addresses: Vec<_> = ports
        .iter()
        .map(|port| (port.scheme, port.address))
        .collect();
    let text = text(app, &addresses, files_max);
    // A closed standard output is no reason not to serve.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

fn text(app: &App, ports: &[(Scheme, SocketAddr)], files_max: Option<u64>) -> String {
    let mut text = format!("Secure Chat Demo {}\n\n", env!("CARGO_PKG_VERSION"));
    for scheme in [Scheme::Http, Scheme::Https] {
        if let Some(url) = start_url(&app.config.host, scheme, ports) {
            let _ = writeln!(text, "{url}\n  {}", eavesdropper(scheme));
        }
    }
    let _ = writeln!(text, "\nData         {}", app.config.data.display());
    if let Some(tls) = &app.tls {
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
    if let Some(path) = &app.config.log {
        let _ = writeln!(text, "Log          {}", path.display());
    }
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

/// The one URL to open. On this machine alone, plain and TLS get different hosts: cookies ignore ports,
/// so `localhost` twice would mix the two sides' sessions up.
fn start_url(host: &Host, scheme: Scheme, ports: &[(Scheme, SocketAddr)]) -> Option<String> {
    let (_, address) = ports.iter().find(|(other, _)| *other == scheme)?;
    let name = match (host, scheme) {
        (Host::Localhost, Scheme::Https) => "localhost".to_owned(),
        (Host::Name(name), _) => name.clone(),
        _ if address.ip().is_unspecified() => {
            crate::tls::host_name().unwrap_or_else(|| "localhost".to_owned())
        }
        _ if address.is_ipv6() => format!("[{}]", address.ip()),
        _ => address.ip().to_string(),
    };
    Some(format!("{}://{name}:{}", scheme.as_str(), address.port()))
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
