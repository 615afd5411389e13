//! Command line in, exit code out; everything between is in the library.

fn main() {}
