//! Points of elliptic curves, as certificates and key exchanges write them.
//! No arithmetic: whether a point is on its curve is not asked.

use super::parts::{Parts, Step, named};

/// Reads a point of an elliptic curve as both its coordinates (SEC 1 §2.3.3).
pub(super) fn uncompressed_point(parts: &mut Parts<'_>) -> Step<()> {
    const SOURCE: &str = "SEC 1 §2.3.3";
    parts.number(
        1,
        named("form", SOURCE).meaning("4: both coordinates follow, uncompressed."),
    )?;
    let half = parts.left() / 2;
    parts.bytes(half, named("x", SOURCE).meaning("The first coordinate."))?;
    parts.rest(named("y", SOURCE).meaning("The second coordinate."))?;
    Ok(())
}
