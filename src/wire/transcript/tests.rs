//! Transcripts of made-up and of captured connections.
