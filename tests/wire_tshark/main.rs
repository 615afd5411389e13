//! What we say of captured bytes, held against what tshark says of the same: place, size and value of each field that
//! has a Wireshark name. Prints how many were compared, and tshark's own fields that we have no counterpart for
//! (`cargo test --test wire_tshark -- --nocapture`). Without tshark there is nobody to ask, and these tests say so and pass.
//!
//! The captures are in `tests/fixtures/tls`, recorded on the loopback interface by `record.py` beside this file, each
//! with its keys. Records are compared as an eavesdropper has them, without the keys; messages that were encrypted, with them.
#![cfg(test)]

mod compare;
mod connections;
mod names;
mod tree;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use compare::Tally;
use connections::Connections;
use secure_chat::wire::dissect::tls_alert::dissect_alert;
use secure_chat::wire::dissect::tls_handshake::{dissect_handshake, message_name};
use secure_chat::wire::dissect::tls_record::dissect_record;
use tree::Theirs;

fn tshark_is_there() -> bool {
    let there = Command::new("tshark").arg("--version").output().is_ok();
    if !there {
        eprintln!("skipped: there is no tshark on PATH");
    }
    there
}

fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
    let mut captures: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    captures.sort();
    captures
}

/// Our own names for these are held against theirs, field by field.
#[test]
fn tshark_sees_the_same_fields_at_the_same_places_with_the_same_values() {
    if !tshark_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut tally = Tally::default();
    let (mut records, mut messages) = (0, 0);
    for capture in captures() {
        let name = capture.file_stem().unwrap().to_string_lossy().into_owned();
        let without_keys = folder.path().join("without_keys.pcapng");
        std::fs::write(
            &without_keys,
            without_secrets(&std::fs::read(&capture).unwrap()),
        )
        .unwrap();
        let mut seen = HashSet::new();
        records += compare_records(&name, &tree::packets(&without_keys), &mut tally, &mut seen);
        messages += compare_decrypted(&name, &tree::packets(&capture), &mut tally, &seen);
    }
    report(&tally, records, messages);
    assert_eq!(tally.different, Vec::<String>::new());
    // Fewer than this, and something was not compared at all.
    assert!(tally.equal > 9_000, "only {} fields compared", tally.equal);
    assert!(tally.equal_by_name.len() > 200);
}

/// A capture without its Decryption Secrets Blocks. A block is its type, its length, and the rest.
fn without_secrets(pcapng: &[u8]) -> Vec<u8> {
    const DECRYPTION_SECRETS: u32 = 10;
    let mut kept = Vec::new();
    let mut rest = pcapng;
    while let Some((head, _)) = rest.split_first_chunk::<8>() {
        let [kind, len] = [0, 4].map(|at| u32::from_le_bytes(head[at..at + 4].try_into().unwrap()));
        let (block, behind) = rest.split_at(len.try_into().unwrap());
        if kind != DECRYPTION_SECRETS {
            kept.extend(block);
        }
        rest = behind;
    }
    kept
}

/// All records, as on the wire. Notes the content of those that are not encrypted.
fn compare_records(
    capture: &str,
    packets: &[Vec<Theirs>],
    tally: &mut Tally,
    seen: &mut HashSet<String>,
) -> usize {
    let mut connections = Connections::default();
    let mut count = 0;
    for (number, packet) in packets.iter().enumerate() {
        let place = format!("{capture}, packet {}", number + 1);
        for_each(packet, "tls.record", &mut |record| {
            count += 1;
            let context = connections.see(packet, &record.bytes());
            let ours = dissect_record(&record.bytes(), &context);
            tally.compare(&place, &ours, record);
            record.walk(&mut |field| {
                let message = ["tls.handshake", "tls.alert_message"].contains(&field.name.as_str());
                if message && record.hex.contains(&field.hex) {
                    seen.insert(field.hex.clone());
                }
            });
        });
    }
    count
}

/// Messages and alerts that only the keys show, or that several records carry.
fn compare_decrypted(
    capture: &str,
    packets: &[Vec<Theirs>],
    tally: &mut Tally,
    seen: &HashSet<String>,
) -> usize {
    let mut connections = Connections::default();
    let mut count = 0;
    for (number, packet) in packets.iter().enumerate() {
        let place = format!("{capture}, packet {}, decrypted", number + 1);
        for_each(packet, "tls.record", &mut |record| {
            let context = connections.see(packet, &record.bytes());
            record.walk(&mut |field| {
                let ours = match field.name.as_str() {
                    _ if seen.contains(&field.hex) => return,
                    "tls.handshake" if is_whole(field) => {
                        dissect_handshake(&field.bytes(), &context.handshake)
                    }
                    "tls.alert_message" => dissect_alert(&field.bytes()),
                    _ => return,
                };
                count += 1;
                let what = message_name(&field.bytes()).unwrap_or_default();
                // Of this message tshark shows the content beside it.
                let beside = record.part("tls.handshake.key_update.request_update");
                let mut theirs = field.clone();
                theirs
                    .parts
                    .extend(beside.filter(|_| what == "KeyUpdate").cloned());
                tally.compare(&format!("{place}, {what}"), &ours, &theirs);
            });
        });
    }
    count
}

/// tshark also calls fragments of messages a message.
fn is_whole(message: &Theirs) -> bool {
    let announced = message
        .part("tls.handshake.length")
        .map(|len| len.show.as_str());
    announced == Some((message.len - 4).to_string().as_str())
}

fn for_each<'a>(fields: &'a [Theirs], name: &str, visit: &mut impl FnMut(&'a Theirs)) {
    for field in fields {
        if field.name == name {
            visit(field);
        } else {
            for_each(&field.parts, name, visit);
        }
    }
}

fn report(tally: &Tally, records: usize, messages: usize) {
    println!(
        "{records} records and {messages} decrypted messages: {} fields of {} names are the same in tshark, {} differ.",
        tally.equal,
        tally.equal_by_name.len(),
        tally.different.len()
    );
    println!("tshark's fields without a counterpart here:");
    for (name, count) in &tally.theirs_alone {
        println!("{count:6}  {name}");
    }
    for difference in tally.different.iter().take(50) {
        println!("{difference}");
    }
}
