//! The transcript while it happens, written into memory.
