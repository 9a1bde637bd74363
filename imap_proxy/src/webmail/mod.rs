//! The webmail front: a reverse proxy that owns the session.
//!
//! The browser never holds a cookie of the webmail, only an opaque one of ours, which changes at every step up. The
//! walk of a request, top to bottom:
//!
//! 1. [`front`] reads the time once, looks up the [`store`] and lets [`classify`] say what the request is (with the one
//!    [`path`] parser and the rules of the [`product`]) and what is done with it in the session's stage. Both are pure.
//! 2. A stranger gets the login page and its files, by requests that are made here ([`relay`]).
//!    Where they wanted to go is remembered in their browser ([`destination`]).
//! 3. Every form is taken once, however often it comes ([`submission`], [`repeats`]). The login form is read ([`form`]), rebuilt, sent, and the answer judged ([`sign_in`]). The webmail's cookies go
//!    into a [`jar`]; the daemon is asked for the name that was typed and for the one that the webmail shows.
//! 4. Its [`verdict`] says: released, a code, or an enrolment. Until then nothing of this session goes upstream
//!    ([`second_factor`], [`prepare`], [`set_up`], [`lost`], [`pages`]). From then on the [`browser`] is known again.
//! 5. A released [`session`] passes, through the [`headers`] filter, and stays bound to its mailbox by what the webmail
//!    does ([`relay`]).
//! 6. What changes at the daemon ends sessions, and cuts what they are waiting for ([`recheck`]).
//!
//! Whoever is in may look after their own account: [`security`] with [`own_browsers`], and [`proving`] where a
//! code is asked for again.
//!
//! Beside Exchange's webmail there are endpoints that take the password alone ([`endpoints`]): closed, unless they are opened to
//! app passwords ([`basic`], [`endpoint_verdict`], [`running`]) or to networks.
//!
//! What no rule recognises is refused.

mod agent;
pub mod basic;
mod browser;
pub mod classify;
pub mod destination;
pub mod endpoint_verdict;
pub mod endpoints;
pub mod form;
pub mod front;
pub mod headers;
mod host;
pub mod jar;
mod lost;
mod owa;
mod own_browsers;
pub mod pages;
pub mod path;
mod pending_action;
mod prepare;
pub mod product;
mod proving;
mod recheck;
mod relay;
pub mod repeats;
mod roundcube;
#[cfg(test)]
mod roundcube_tests;
mod running;
mod second_factor;
mod security;
pub mod session;
mod set_up;
mod sign_in;
mod snappymail;
#[cfg(test)]
mod snappymail_tests;
mod sogo;
#[cfg(test)]
mod sogo_tests;
pub mod store;
mod submission;
pub mod verdict;
mod waiting;

pub use classify::{Class, classify};
pub use front::WebmailFront;
