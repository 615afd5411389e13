//! Binds the ports, accepts connections up to the limits, and stops gracefully.
//! What happens on a connection is `journey`'s to tell.

mod trouble;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::app::App;
use crate::config::{Config, Host};
use crate::http::target::Scheme;
use crate::journey::{self, Arrival};
use crate::log;

use trouble::{Trouble, cure};

/// How many connections may wait to be accepted. A class that opens the page at one word of the teacher fits in.
const BACKLOG: u32 = 4096;

/// How many connections beyond the limit are heard and told so at the same time. A TLS client has to
/// finish its handshake to be told anything; beyond this many, connections are closed without a word.
const TURNED_AWAY_MAX: usize = 64;

/// How long to wait when no connection can be accepted, as when all descriptors are in use.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// One port that is listened on.
#[derive(Debug)]
pub struct Port {
    /// What is spoken there.
    pub scheme: Scheme,
    /// Where it is.
    pub address: SocketAddr,
    listener: TcpListener,
}

/// Why a port cannot be listened on. `Display` is one sentence with its cure.
#[derive(Debug)]
pub struct BindError {
    host: String,
    port: u16,
    flag: &'static str,
    error: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host,
            port,
            flag,
            error,
        } = self;
        match error.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "Port {port} is in use: stop the program that has it (perhaps another secure-chat), or choose another port with {flag}."
            ),
            io::ErrorKind::PermissionDenied => write!(
                f,
                "Port {port} may not be opened: ports below 1024 are for the administrator; choose a higher one with {flag}."
            ),
            io::ErrorKind::AddrNotAvailable => write!(
                f,
                "{host} is not an address of this machine: choose one that is with --host, or leave the flag out."
            ),
            _ => write!(
                f,
                "{host}, port {port}, cannot be listened on ({error}): choose another with --host or {flag}."
            ),
        }
    }
}

impl std::error::Error for BindError {}

/// Opens all ports that the configuration asks for.
///
/// # Errors
/// `BindError` for the first port that cannot be opened.
pub async fn bind(config: &Config) -> Result<Vec<Port>, BindError> {
    let mut ports = Vec::new();
    let both = config.listen.plain_port().is_some() && config.listen.tls_port().is_some();
    let wanted = [
        (Scheme::Http, config.listen.plain_port(), "--port"),
        (
            Scheme::Https,
            config.listen.tls_port(),
            if both { "--tls-port" } else { "--port" },
        ),
    ];
    for (scheme, port, flag) in wanted {
        if let Some(port) = port {
            bind_all(&config.host, scheme, port, flag, &mut ports).await?;
        }
    }
    Ok(ports)
}

/// One port on all addresses of a host. With port 0, the port that the first address gets is used for the others.
async fn bind_all(
    host: &Host,
    scheme: Scheme,
    port: u16,
    flag: &'static str,
    ports: &mut Vec<Port>,
) -> Result<(), BindError> {
    let failed = |error| BindError {
        host: host.to_string(),
        port,
        flag,
        error,
    };
    let addresses = match host.addresses() {
        Some(addresses) => addresses,
        None => lookup_host((host.to_string(), port))
            .await
            .map_err(failed)?
            .map(|address| address.ip())
            .collect(),
    };
    let mut number = port;
    let before = ports.len();
    for (index, address) in addresses.iter().enumerate() {
        match listen(SocketAddr::new(*address, number)) {
            Ok(listener) => {
                let address = listener.local_addr().map_err(failed)?;
                number = address.port();
                ports.push(Port {
                    scheme,
                    address,
                    listener,
                });
            }
            // `localhost` without IPv6 is still localhost.
            Err(error) if index > 0 && is_missing_family(&error) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    if ports.len() == before {
        return Err(failed(io::ErrorKind::AddrNotAvailable.into()));
    }
    Ok(())
}

fn is_missing_family(error: &io::Error) -> bool {
    // EAFNOSUPPORT has no kind of its own.
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(Errno::EAFNOSUPPORT as i32)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // So that a restart need not wait for the last connections of the run before to be forgotten.
    socket.set_reuseaddr(true)?;
    // Accepted connections inherit it: a frame goes out at once, not when the next one is there.
    socket.set_nodelay(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts connections until the server is to stop, then waits for those under way; false if some had to be cut off.
pub async fn run(app: Arc<App>, ports: Vec<Port>) -> bool {
    let doors = Arc::new(Doors::new(&app));
    let accepting: Vec<_> = ports
        .into_iter()
        .map(|port| tokio::spawn(accept(app.clone(), doors.clone(), port)))
        .collect();
    app.stopped().await;
    for task in accepting {
        // Each ends by itself, and takes its listener with it.
        let _ = task.await;
    }
    doors
        .wait_until_all_left(app.config.limits.shutdown_deadline)
        .await
}

async fn accept(app: Arc<App>, doors: Arc<Doors>, port: Port) {
    let number = port.address.port();
    let mut trouble = Trouble::default();
    loop {
        let accepted = tokio::select! {
            accepted = port.listener.accept() => accepted,
            () = sleep_until(trouble.over_at()) => {
                let secs = trouble.end().as_secs();
                log!(app.log, "port {number} lets people in again; it could not for {secs} s");
                continue;
            }
            () = app.stopped() => return,
        };
        match accepted {
            Ok((socket, peer)) => admit(&app, &doors, &port, socket, peer),
            Err(error) if is_about_one_peer(&error) => {}
            Err(error) => {
                if trouble.failed(Instant::now()) {
                    let cure = cure(&error);
                    log!(
                        app.log,
                        "port {number} can let nobody in at the moment ({error}): those inside are served, the others wait until somebody leaves{cure}"
                    );
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Sleeps until `due`, or for ever.
async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// A peer that left while it waited is its own affair.
fn is_about_one_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

fn admit(app: &Arc<App>, doors: &Arc<Doors>, port: &Port, socket: TcpStream, peer: SocketAddr) {
    let Some((place, turned_away)) = doors.place(peer.ip().to_canonical()) else {
        // Not even a word: the log keeps quiet too, since this is what a flood looks like.
        return;
    };
    let number = doors.next_number();
    let arrival = Arrival {
        number,
        peer,
        scheme: port.scheme,
        turned_away,
    };
    let app = app.clone();
    tokio::spawn(async move {
        journey::travel(&app, socket, &arrival).await;
        drop(place);
    });
}

/// Counts who is inside.
struct Doors {
    connections_max: usize,
    per_address_max: usize,
    inside: Arc<Semaphore>,
    turned_away: Arc<Semaphore>,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
    numbers: AtomicU64,
}

/// The place of one connection, given back when dropped.
struct Place {
    _permit: OwnedSemaphorePermit,
    _counted: Option<Counted>,
}

struct Counted {
    address: IpAddr,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Doors {
    fn new(app: &App) -> Self {
        let limits = &app.config.limits;
        Self {
            connections_max: limits.connections_max,
            per_address_max: limits.connections_per_address_max,
            inside: Arc::new(Semaphore::new(limits.connections_max)),
            turned_away: Arc::new(Semaphore::new(TURNED_AWAY_MAX)),
            by_address: Arc::default(),
            numbers: AtomicU64::new(0),
        }
    }

    /// A place for a connection from `address`, and whether it is only one to be turned away; `None` if there is not even that.
    fn place(&self, address: IpAddr) -> Option<(Place, bool)> {
        if let Some(counted) = self.count(address)
            && let Ok(permit) = self.inside.clone().try_acquire_owned()
        {
            return Some((
                Place {
                    _permit: permit,
                    _counted: Some(counted),
                },
                false,
            ));
        }
        let permit = self.turned_away.clone().try_acquire_owned().ok()?;
        Some((
            Place {
                _permit: permit,
                _counted: None,
            },
            true,
        ))
    }

    fn count(&self, address: IpAddr) -> Option<Counted> {
        let mut by_address = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = by_address.entry(address).or_default();
        if *count >= self.per_address_max {
            return None;
        }
        *count += 1;
        Some(Counted {
            address,
            by_address: self.by_address.clone(),
        })
    }

    fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    async fn wait_until_all_left(&self, deadline: Duration) -> bool {
        let places = u32::try_from(self.connections_max).unwrap_or(u32::MAX);
        timeout(deadline, self.inside.acquire_many(places))
            .await
            .is_ok()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut by_address = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}
