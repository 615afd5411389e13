//! What must hold for every timeline, and what is on those of real connections.

mod captures;
mod holds;
