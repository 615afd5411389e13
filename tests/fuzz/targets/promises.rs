//! What is promised by all decoders of one shape, and by all trees of fields, whatever their bytes are.

use std::fmt::Debug;

use secure_chat::octets::Progress;
use secure_chat::wire::field::Field;
use secure_chat::wire::json;

/// Larger trees are not told to a page here: they are made of the same fields, and cost most of the time.
const TOLD_MAX: usize = 100;

/// A tree has no more fields than this for each byte it shows (a byte of flags has eight, each with the field around them), and these
/// for itself.
const FIELDS_PER_BYTE: usize = 12;
const FIELDS_OF_NOTHING: usize = 24;

/// However much of a message is shown, its tree stays one that a page can show.
const FIELDS_MAX: usize = 45_000;

/// Runs a decoder of the usual shape, and gives what it made of `input`.
///
/// Of what is a value, every beginning asks for more, and what stands behind it does not matter; of what asks for more, every
/// beginning does, too; and no beginning of what is refused is a value.
pub(crate) fn decode<T, E>(
    input: &[u8],
    decoder: impl Fn(&[u8]) -> Result<Progress<T>, E>,
) -> Option<(T, usize)>
where
    T: PartialEq + Debug,
    E: PartialEq + Debug,
{
    let whole = decoder(input);
    match &whole {
        Ok(Progress::Done { used_bytes, .. }) => {
            assert!((1..=input.len()).contains(used_bytes), "{whole:?}");
            assert_eq!(decoder(&input[..*used_bytes]), whole, "the rest was read");
            for len in lengths_below(*used_bytes) {
                assert_eq!(
                    decoder(&input[..len]),
                    Ok(Progress::NeedMore),
                    "cut to {len}"
                );
            }
        }
        Ok(Progress::NeedMore) => {
            for len in lengths_below(input.len()) {
                assert_eq!(
                    decoder(&input[..len]),
                    Ok(Progress::NeedMore),
                    "cut to {len}"
                );
            }
        }
        Err(_) => {
            for len in lengths_below(input.len()) {
                let cut = decoder(&input[..len]);
                assert!(
                    !matches!(cut, Ok(Progress::Done { .. })),
                    "cut to {len}: {cut:?}"
                );
            }
        }
    }
    match whole {
        Ok(Progress::Done { value, used_bytes }) => Some((value, used_bytes)),
        _ => None,
    }
}

/// Numbers below `len`: all if they are few, otherwise the first, the last, and some between them.
pub(crate) fn lengths_below(len: usize) -> impl Iterator<Item = usize> {
    const ALL: usize = 24;
    (0..len).filter(move |at| *at < ALL || at + 4 >= len || at.is_multiple_of(len / ALL + 1))
}

/// Every byte belongs to one leaf, every field says something, there are not too many of them, and a page can be told.
/// Gives whether nothing is wrong with what it shows.
pub(crate) fn shows(tree: &Field, bytes: &[u8]) -> bool {
    assert_eq!(tree.flaw(), None);
    assert_eq!(tree.bytes, 0..bytes.len());
    let count = tree.walk().count();
    let limit = FIELDS_OF_NOTHING + FIELDS_PER_BYTE * bytes.len();
    assert!(
        count <= limit.min(FIELDS_MAX),
        "{count} fields of {} bytes",
        bytes.len()
    );
    for at in lengths_below(bytes.len()).step_by(5) {
        let leaf = tree.leaf_at(at).expect("every byte has a leaf");
        assert!(leaf.bytes.contains(&at));
    }
    assert!(tree.leaf_at(bytes.len()).is_none());
    if count <= TOLD_MAX {
        assert!(json::field(tree).is_object());
    }
    tree.walk().all(|field| field.problem.is_none())
}

/// Takes bytes off the front that say how the rest is to be used.
pub(crate) fn choices<const N: usize>(input: &[u8]) -> ([u8; N], &[u8]) {
    match input.split_first_chunk() {
        Some((choices, rest)) => (*choices, rest),
        None => ([0; N], input),
    }
}

/// `bytes` in pieces of lengths that follow from `seed`: 1 to 7, or up to 1 KiB, or all at once for 0.
pub(crate) fn pieces(bytes: &[u8], seed: u8) -> impl Iterator<Item = &[u8]> {
    let mut state = usize::from(seed);
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        state = (state * 5 + 3) % 251;
        let len = match seed {
            0 => rest.len(),
            1..128 => 1 + state % 7,
            _ => 1 + state * 4,
        };
        let (piece, behind) = rest.split_at(len.min(rest.len()));
        rest = behind;
        Some(piece)
    })
}
