//! What must hold for every timeline, and what is on those of real and of invented connections.

mod captures;
mod chat;
mod endless;
mod gaps;
mod holds;
mod hostile;
mod pieces;
mod script;
