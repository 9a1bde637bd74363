//! What carries the front, over real sockets on loopback: TLS, HTTP, the way upstream, the way to the daemon.

mod daemon;
mod http_messages;
mod program;
mod setting;
mod tls;
mod upstream;
mod waits;
