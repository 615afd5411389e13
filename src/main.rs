//! Command line in, exit code out: 0 stopped cleanly, 1 could not run, 2 usage.
//! Puts the pieces together and listens for signals; everything else is in the library.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::ExitCode;
use std::sync::Arc;

use secure_chat::app::{self, App};
use secure_chat::banner;
use secure_chat::chat::sessions::SWEEP_EVERY_SECS;
use secure_chat::config::{Command, Config};
use secure_chat::explain;
use secure_chat::export::Export;
use secure_chat::log;
use secure_chat::log::Log;
use secure_chat::server;
use secure_chat::tls::{Reminder, UnixSecs};
use secure_chat::trace::Trace;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

fn main() -> ExitCode {
    leave_no_memory_behind();
    let command = Config::from_args(std::env::args_os().skip(1), |name| std::env::var_os(name));
    let config = match command {
        Ok(Command::Serve(config)) => *config,
        Ok(Command::Explain(explain)) => return exit_code(explain::run(&explain)),
        Ok(Command::Help(text) | Command::Version(text)) => {
            // Fails when the reader has gone, as `| head` does: then nobody misses it.
            let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("secure-chat: {error}");
            return ExitCode::from(2);
        }
    };
    exit_code(run(config))
}

fn exit_code(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("secure-chat: {sentence}");
            ExitCode::from(1)
        }
    }
}

fn run(config: Config) -> Result<(), String> {
    let log_file = config.log.as_deref().map(open_log).transpose()?;
    let log =
        Log::start(log_file).map_err(|error| format!("The log cannot be started ({error})."))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            format!("The system gives this program no threads ({error}): close other programs.")
        })?;
    let served = runtime.block_on(serve(config, Arc::new(log)));
    // What did not finish in time is not waited for once more.
    runtime.shutdown_background();
    served
}

async fn serve(config: Config, log: Arc<Log>) -> Result<(), String> {
    // Before anything is announced: whoever reads the banner may send a signal at once.
    let signals = Signals::catch()
        .map_err(|error| format!("The system gives this program no signals ({error})."))?;
    let (stop, stopping) = watch::channel(false);
    let files_max = raise_file_limit();
    // Ports first: whether they are free is the most likely question, and quickly answered.
    let ports = server::bind(&config)
        .await
        .map_err(|error| error.to_string())?;
    let trace = config
        .trace
        .map(|eyes| Trace::to_stdout(eyes, config.no_color));
    let trace = trace
        .transpose()
        .map_err(|error| format!("The transcript cannot be started ({error})."))?
        .map(Arc::new);
    let export = Export::open(&config.exports, &log).map_err(|error| error.to_string())?;
    let mut sinks = export.sinks();
    sinks.extend(trace.iter().map(|trace| Arc::clone(trace) as _));
    let app = match App::start(config, log, sinks, stopping).await {
        Ok(app) => Arc::new(app),
        Err(error) => {
            export.abandon();
            return Err(error.to_string());
        }
    };
    if let Some(wire) = &app.wire
        && let Err(error) = export.serve(wire)
    {
        export.abandon();
        return Err(error.to_string());
    }
    banner::print(&app, &ports, export.live_address(), files_max);
    tokio::spawn(sweep_sessions(app.clone()));
    tokio::spawn(remind_of_certificate(app.clone()));
    tokio::spawn(reload_on_hangup(app.clone(), signals.hangup));
    tokio::spawn(stop_on_signal(
        app.clone(),
        stop,
        signals.interrupt,
        signals.terminate,
    ));
    let all_left = server::run(app.clone(), ports).await;
    app.close().await;
    export.finish().await;
    if let Some(trace) = trace {
        trace.finish();
    }
    log!(
        app.log,
        "stopped{}",
        if all_left {
            ""
        } else {
            "; connections that did not finish in time were cut off"
        }
    );
    app.log.finish();
    Ok(())
}

/// The signals this program listens to.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn catch() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
}

/// The first signal asks everybody to finish, a second one waits for nobody.
async fn stop_on_signal(
    app: Arc<App>,
    stop: watch::Sender<bool>,
    mut interrupt: Signal,
    mut terminate: Signal,
) {
    let mut signalled = async || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    signalled().await;
    log!(
        app.log,
        "stopping: requests under way are finished; a second signal stops at once"
    );
    let _ = stop.send(true);
    signalled().await;
    log!(app.log, "stopped at once");
    app.log.finish();
    std::process::exit(1);
}

/// SIGHUP: certificate and settings are read anew; if they are no good, the old ones stay.
async fn reload_on_hangup(app: Arc<App>, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        let reloading = app.clone();
        let reloaded = tokio::task::spawn_blocking(move || reloading.reload_tls_logged());
        // One after the other: the last signal's files are the last to be read.
        let _ = reloaded.await;
    }
}

async fn sweep_sessions(app: Arc<App>) {
    let mut every = tokio::time::interval(std::time::Duration::from_secs(SWEEP_EVERY_SECS));
    loop {
        every.tick().await;
        if let Err(error) = app.sessions.sweep(app::steady_now()).await {
            log!(app.log, "expired sessions could not be removed: {error}");
        }
    }
}

/// Says in the log when the certificate runs out, or is about to: nobody else is there to be told.
async fn remind_of_certificate(app: Arc<App>) {
    let Some(tls) = &app.tls else {
        return;
    };
    let mut reminder = Reminder::after_start(&tls.setup().certificate, UnixSecs::now());
    loop {
        tokio::time::sleep(Reminder::pause(&tls.setup().certificate, UnixSecs::now())).await;
        let setup = tls.setup();
        if let Some(note) = reminder.due(&setup.certificate, UnixSecs::now()) {
            log!(app.log, "note: {note}");
        }
    }
}

fn open_log(path: &std::path::Path) -> Result<File, String> {
    OpenOptions::new()
        .create(true)
        .append(true)
        // Names and addresses are nobody else's business on a shared machine.
        .mode(0o600)
        .open(path)
        .map_err(|error| {
            format!(
                "{} cannot be written ({error}): name another file with --log.",
                path.display()
            )
        })
}

/// The memory of a program that crashes, or is ended with Ctrl-\, is written to a file where the system is set so. In ours
/// stand passwords, tokens and keys: so there shall be no such file, not even if somebody asks for it later.
fn leave_no_memory_behind() {
    use nix::sys::resource::{Resource, setrlimit};
    // To lower a limit is never refused.
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
}

/// Ten thousand connections, and what else is open.
const FILES_WANTED: u64 = 10_240;

/// Each connection is a file to the system, and its usual 1024 would be fewer than our own limit. What is
/// allowed in the end, if the system says.
fn raise_file_limit() -> Option<u64> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    // Some systems take no more than a certain number, whatever they say the limit is.
    let wanted = hard.min(soft.max(FILES_WANTED));
    match setrlimit(Resource::RLIMIT_NOFILE, wanted, hard) {
        Ok(()) => Some(wanted),
        Err(_) => Some(soft),
    }
}
