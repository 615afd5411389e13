//! A real capture by Wireshark's own `dumpcap`, for as long as a test needs it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use secure_chat::wire::event::What;
use secure_chat::wire::pcapng;

use super::run;
use super::support::PATIENCE;

/// Captures what crosses the loopback interface at `port` while `act` runs, until so many connections have ended.
/// `None` if this user may not capture.
pub(crate) fn capture(
    port: u16,
    connections: usize,
    act: impl FnOnce(),
) -> Option<pcapng::Capture> {
    let filter = format!("tcp port {port}");
    let mut dumpcap = Command::new("dumpcap")
        .args(["-q", "-i", "lo", "-f", &filter, "-w", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut says = BufReader::new(dumpcap.stderr.take().unwrap()).lines();
    // It names its file once the capture has begun.
    if !says
        .by_ref()
        .map_while(Result::ok)
        .any(|line| line.starts_with("File:"))
    {
        eprintln!("skipped: capturing on the loopback interface is not allowed here");
        dumpcap.wait().unwrap();
        return None;
    }
    let mut packets = dumpcap.stdout.take().unwrap();
    let (send, pieces) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(len @ 1..) = packets.read(&mut buffer) {
            send.send(buffer[..len].to_vec()).unwrap();
        }
    });
    act();
    let mut file = Vec::new();
    let capture = loop {
        file.extend(
            pieces
                .recv_timeout(PATIENCE)
                .expect("the capture shows the ends of all connections"),
        );
        let capture = pcapng::read(&file.clone().into());
        let ends = |connection: &pcapng::Connection| {
            connection
                .events
                .iter()
                .filter(|event| event.what == What::End)
                .count()
        };
        // What is not whole yet ends within a block.
        if capture.connections.iter().map(ends).sum::<usize>() == 2 * connections
            && capture.problems.is_empty()
        {
            break capture;
        }
    };
    run("kill", &["-INT", &dumpcap.id().to_string()]);
    // What else it may write is read, so that it can end.
    for _rest in pieces {}
    reader.join().unwrap();
    dumpcap.wait().unwrap();
    Some(capture)
}
