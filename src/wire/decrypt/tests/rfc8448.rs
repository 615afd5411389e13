//! The traces of RFC 8448, read from `tests/fixtures/rfc8448.txt`, and opened.

/// One step of a trace, as the RFC calls it, and the values that it states.
#[derive(Debug)]
pub(in super::super) struct Step {
    /// "Simple 1-RTT Handshake" is §3, and so on.
    pub(in super::super) section: &'static str,
    pub(in super::super) name: &'static str,
    values: Vec<(&'static str, Vec<u8>)>,
}

impl Step {
    pub(in super::super) fn value(&self, name: &str) -> Option<&[u8]> {
        let found = self.values.iter().find(|(known, _)| *known == name)?;
        Some(&found.1)
    }
}

pub(in super::super) fn steps() -> Vec<Step> {
    let text = include_str!("../../../../tests/fixtures/rfc8448.txt");
    let (mut steps, mut section): (Vec<Step>, _) = (Vec::new(), "");
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("= ") {
            section = name;
        } else if let Some(value) = line.strip_prefix("  ") {
            let (name, hex) = value.split_once(':').unwrap();
            steps
                .last_mut()
                .unwrap()
                .values
                .push((name, unhex(hex.trim())));
        } else if line.starts_with('{') {
            let values = Vec::new();
            steps.push(Step {
                section,
                name: line,
                values,
            });
        }
    }
    steps
}

pub(in super::super) fn unhex(hex: &str) -> Vec<u8> {
    assert_eq!(hex.len() % 2, 0);
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}
