//! The webmail front over real sockets: browser's side in TLS, a daemon that follows a script, and a webmail that
//! behaves as Roundcube was seen to and writes down all it receives.

mod bodies;
mod browser;
mod browsers;
mod changes;
mod closed_endpoints;
mod daemon;
mod destinations;
mod faults;
mod first_method;
mod front;
mod methods;
mod new_product;
mod raw;
mod repeats;
mod sessions;
mod story;
mod upstream;
mod ways_out;
