//! The chat: who may speak, what is said, who hears it and who is there.
//! No sockets, HTTP or SQL: rooms hand frames to outlets, and have messages kept by a store.

pub mod auth;
mod company;
pub mod directory;
pub mod event;
pub mod guest;
pub mod hub;
pub mod listener;
mod news;
pub mod news_visit;
pub mod opening;
pub mod pace;
pub mod passwords;
pub mod presence;
mod reader;
mod room;
pub mod seats;
pub mod sessions;
pub mod throttle;
mod turns;
pub mod visit;
mod wish;

#[cfg(test)]
pub(crate) mod fake_store;
