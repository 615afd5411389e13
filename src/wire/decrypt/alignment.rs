//! Which record carried which of the application's bytes, and back: one direction of a connection.
//! Only positions: the bytes are elsewhere.

use std::ops::Range;

use super::event::{Event, What};

/// One record's share of the application's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The record's number in its direction.
    pub record: u64,
    /// Where it stands in its direction's stream, header included.
    pub wire: Range<u64>,
    /// Where what it carried stands in all that the application sent.
    pub application: Range<u64>,
}

/// The spans of one direction, in order. Grows with the number of records: it is for those who keep them all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alignment {
    spans: Vec<Span>,
}

impl Alignment {
    /// Notes the event if it is application data. All events must be of one direction, in order.
    pub fn note(&mut self, event: &Event) {
        if let What::ApplicationData(data) = &event.what {
            self.spans.push(Span {
                record: event.record,
                wire: event.wire.clone(),
                application: data.at.clone(),
            });
        }
    }

    /// The records that carried any of these bytes of the application; none for an empty range.
    #[must_use]
    pub fn records_of(&self, application: &Range<u64>) -> &[Span] {
        if application.is_empty() {
            return &[];
        }
        // Spans do not overlap, so both their ends ascend.
        let start = self
            .spans
            .partition_point(|span| span.application.end <= application.start);
        let end = self
            .spans
            .partition_point(|span| span.application.start < application.end);
        self.spans.get(start..end).unwrap_or_default()
    }

    /// What a record carried of the application, if it is a record of application data.
    #[must_use]
    pub fn span_of(&self, record: u64) -> Option<&Span> {
        let at = self
            .spans
            .binary_search_by_key(&record, |span| span.record)
            .ok()?;
        self.spans.get(at)
    }

    /// All of them.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::wire::decrypt::{ApplicationData, Direction};

    /// Records 3, 4, 6 and 7 carry 10, 0, 5 and 1 bytes; record 5 carries something else.
    fn alignment() -> Alignment {
        let mut alignment = Alignment::default();
        for (record, what) in [
            (3, Some(0..10)),
            (4, Some(10..10)),
            (5, None),
            (6, Some(10..15)),
            (7, Some(15..16)),
        ] {
            let what = what.map_or(What::ChangeCipherSpec, |at| {
                What::ApplicationData(ApplicationData {
                    at,
                    bytes: Bytes::new(),
                    early: false,
                    exact: true,
                })
            });
            alignment.note(&Event {
                direction: Direction::FromClient,
                record,
                wire: record * 100..record * 100 + 50,
                what,
            });
        }
        alignment
    }

    #[test]
    fn bytes_of_the_application_lead_to_the_records_that_carried_them() {
        let alignment = alignment();
        for (application, records) in [
            (0..1, vec![3]),
            (9..10, vec![3]),
            (9..11, vec![3, 4, 6]),
            (10..11, vec![6]),
            (14..16, vec![6, 7]),
            (0..16, vec![3, 4, 6, 7]),
            (15..99, vec![7]),
            (16..17, vec![]),
            (12..12, vec![]),
        ] {
            let found: Vec<_> = alignment
                .records_of(&application)
                .iter()
                .map(|span| span.record)
                .collect();
            assert_eq!(found, records, "{application:?}");
        }
    }

    #[test]
    fn a_record_leads_to_the_bytes_it_carried() {
        let alignment = alignment();
        let span = alignment.span_of(6).unwrap();
        assert_eq!(span.application, 10..15);
        assert_eq!(span.wire, 600..650);
        assert_eq!(alignment.span_of(4).unwrap().application, 10..10);
        assert_eq!(alignment.span_of(5), None);
        assert_eq!(alignment.span_of(8), None);
        assert_eq!(alignment.spans().len(), 4);
    }
}
