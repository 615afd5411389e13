//! Who is shown what one connection carries: the counters, the record of the wire view, and the log.
//! Shows and counts only: no bytes are kept here, and none are changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::app::{self, App};
use crate::http::{RequestHead, Response};
use crate::octets::{Decimal, Direction};
use crate::pages::Via;
use crate::tls::SecretListener;
use crate::transport::tap::{Observer, Seen};
use crate::wire::decrypt::KeyLogLine;
use crate::wire::log::Recorder;

/// How many bytes crossed the socket, as the tap under TLS sees them.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    from_client: AtomicU64,
    from_server: AtomicU64,
}

impl Traffic {
    pub(crate) fn bytes_in(&self) -> u64 {
        self.from_client.load(Ordering::Relaxed)
    }

    pub(crate) fn bytes_out(&self) -> u64 {
        self.from_server.load(Ordering::Relaxed)
    }
}

/// Those who are shown what a connection carries.
pub(crate) struct Watch {
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) recorder: Option<Arc<Recorder>>,
}

impl Watch {
    /// For the tap under TLS: what the network sees.
    pub(crate) fn wire_observer(&self) -> Observer {
        let (traffic, recorder) = (self.traffic.clone(), self.recorder.clone());
        Arc::new(move |direction, seen| {
            if let Seen::Chunks(chunks) = seen {
                let counter = match direction {
                    Direction::FromClient => &traffic.from_client,
                    Direction::FromServer => &traffic.from_server,
                };
                let len: usize = chunks.iter().map(|chunk| chunk.as_slice().len()).sum();
                counter.fetch_add(len as u64, Ordering::Relaxed);
            }
            if let Some(recorder) = &recorder {
                match seen {
                    Seen::Chunks(chunks) => recorder.chunks(app::now_ns(), direction, chunks),
                    Seen::End => recorder.end(app::now_ns(), direction),
                }
            }
        })
    }

    /// For the tap above TLS: what was wrapped in it, the proof of what the view decrypts.
    pub(crate) fn plaintext_observer(&self) -> Option<Observer> {
        let recorder = self.recorder.clone()?;
        Some(Arc::new(move |direction, seen| {
            if let Seen::Chunks(chunks) = seen {
                recorder.plaintext(direction, chunks);
            }
        }))
    }

    /// For the key log: the connection's own secrets.
    pub(crate) fn secret_listener(&self) -> Option<SecretListener> {
        let recorder = self.recorder.clone()?;
        Some(Arc::new(move |secret| {
            // A label that opens no record, or a length of no hash: nothing that could be used.
            if let Some(line) = KeyLogLine::of(secret.label, secret.client_random, secret.secret) {
                recorder.secret(line);
            }
        }))
    }
}

/// The path is logged, not the query: what stands there is the client's own business.
pub(crate) fn log_request(
    app: &App,
    via: &Via,
    head: &RequestHead,
    response: &Response,
    took: Duration,
) {
    let path = head.target().split('?').next().unwrap_or_default();
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let tenths = micros / 100;
    app.log.parts(&[
        "#",
        Decimal::of(via.number).as_str(),
        " ",
        head.method.as_str(),
        " ",
        path,
        " ",
        Decimal::of(response.status.number().into()).as_str(),
        " ",
        Decimal::of(response.content_len() as u64).as_str(),
        " bytes ",
        Decimal::of(tenths / 10).as_str(),
        ".",
        Decimal::of(tenths % 10).as_str(),
        " ms",
    ]);
}
