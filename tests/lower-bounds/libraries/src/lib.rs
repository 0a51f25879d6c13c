//! Compiles sse-wire with the oldest versions that it accepts.
