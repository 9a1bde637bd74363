//! What carries HTTP, over real sockets on loopback: TLS, messages, the way upstream.

mod authority;
mod http_messages;
mod setting;
mod tls;
mod upstream;
mod waits;
