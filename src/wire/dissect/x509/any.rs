//! Elements of DER that nobody has a name for, shown as the types they are made of.
//! For extensions of certificates without an explanation, and for answers about revocation.

use super::{der, oid, text};
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::field::Value;

/// How deep elements without a name of their own may be nested. Known structures stay below 8; deeper ones are made
/// to exhaust a stack.
const DEPTH_MAX: usize = 16;

/// Reads whatever elements there are, and what is within them: for what nobody has a name for.
pub(in crate::wire::dissect) fn any(parts: &mut Parts<'_>) -> Step<()> {
    any_below(parts, DEPTH_MAX)
}

fn any_below(parts: &mut Parts<'_>, depth: usize) -> Step<()> {
    while parts.more() {
        let tag = der::next_tag(parts).unwrap_or_default();
        let inside = der::peek(parts).unwrap_or_default();
        der::element(
            parts,
            named(der::tag_name(tag), "X.690 §8").meaning("An element that is not explained here."),
            |parts| match tag {
                _ if tag & der::CONSTRUCTED != 0 && depth > 0 => any_below(parts, depth - 1),
                _ if tag & der::CONSTRUCTED != 0 => {
                    parts.rest(der::contents())?;
                    parts.blame("Elements within elements, deeper than anything that is meant.");
                    Ok(())
                }
                der::NULL if !parts.more() => Ok(()),
                der::INTEGER | der::ENUMERATED => der::integer_contents(parts, der::contents()),
                der::OBJECT_IDENTIFIER => parts.value(
                    parts.left(),
                    der::contents(),
                    Value::Text(oid::describe(inside)),
                ),
                _ if text::is_string(tag) => text::string_contents(parts, tag, der::contents()),
                der::UTC_TIME | der::GENERALIZED_TIME => parts.text(parts.left(), der::contents()),
                _ => {
                    parts.rest(der::contents())?;
                    Ok(())
                }
            },
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dissect::parts::dissect;
    use crate::wire::field::Field;

    fn walk(bytes: &[u8]) -> Field {
        let field = dissect(bytes, named("any", "X.690").meaning("Some elements."), any);
        assert_eq!(field.flaw(), None, "{bytes:02x?}");
        field
    }

    fn problem(bytes: &[u8]) -> Option<String> {
        walk(bytes)
            .walk()
            .find_map(|field| field.problem.as_ref().map(ToString::to_string))
    }

    #[test]
    fn elements_within_elements_have_their_names_and_values() {
        let tree = walk(&[0x30, 8, 2, 1, 5, 0x0c, 1, b'a', 5, 0, 0x80, 0]);
        let said: Vec<_> = tree
            .walk()
            .filter(|field| field.name == "contents")
            .map(|field| field.value.clone())
            .collect();
        assert_eq!(
            said,
            [
                Value::Number(5),
                Value::Text("a".to_owned()),
                // [0], of no bytes.
                Value::Bytes
            ]
        );
        assert!(tree.walk().any(|field| field.name == "NULL"));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| {
            (0..depth).fold(vec![5, 0], |inner, _| {
                [&[0x30, u8::try_from(inner.len()).unwrap()], &inner[..]].concat()
            })
        };
        assert_eq!(problem(&nested(DEPTH_MAX)), None);
        assert!(
            problem(&nested(DEPTH_MAX + 1))
                .unwrap()
                .contains("Elements within elements")
        );
        assert!(problem(&[0x30; 10_000]).is_some());
    }

    #[test]
    fn lengths_are_read_in_both_forms() {
        for (bytes, ok) in [
            (&[4u8, 1, 0][..], true),
            (&[4, 0x81, 1, 0], true),
            (&[4, 0x84, 0, 0, 0, 1, 0], true),
            (&[4, 0x85, 0, 0, 0, 0, 1, 0], false),
            (&[4, 0x80, 0, 0], false),
            (&[4, 2, 0], false),
            (&[4, 0x82, 1], false),
            (&[0x1f, 1, 0], false),
            (&[4], false),
        ] {
            assert_eq!(problem(bytes).is_none(), ok, "{bytes:02x?}");
        }
    }
}
