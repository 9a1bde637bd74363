//! The webmail front: a reverse proxy that owns the session.
//!
//! The browser never holds a cookie of the webmail, only an opaque one of ours, which changes at every step up. The
//! walk of a request, top to bottom:
//!
//! 1. [`front`] reads the time once, looks up the [`session`] and lets [`classify`] say what the request is (with the one
//!    [`path`] parser and the rules of the [`products`]) and what is done with it in the session's stage. Both are pure.
//! 2. A stranger gets the login page and its files, by requests that are made here ([`relay`]).
//!    Where they wanted to go is remembered in their browser ([`destination`]).
//! 3. Every form is taken once, however often it comes ([`submission`], [`session::repeats`]). The login form is read ([`form`]), rebuilt, sent, and the answer judged ([`login`]). The webmail's cookies go
//!    into a [`jar`]; the daemon is asked for the name that was typed and for the one that the webmail shows.
//! 4. Its [`verdict`] says: released, a code, or an enrolment. Until then nothing of this session goes upstream
//!    ([`challenge`], [`pages`]). From then on the browser is known again.
//! 5. A released session passes, through the [`headers`] filter, and stays bound to its mailbox by what the webmail
//!    does ([`relay`]).
//! 6. What changes at the daemon ends sessions, and cuts what they are waiting for ([`session::registry`]).
//!
//! Whoever is in may look after their own account: [`account`].
//!
//! Beside Exchange's webmail there are endpoints that take the password alone ([`endpoints`]): closed, unless they are opened to
//! app passwords there or to networks.
//!
//! What no rule recognises is refused.

mod account;
mod ask;
mod challenge;
pub mod classify;
mod context;
mod cut;
pub mod destination;
pub mod endpoints;
pub mod form;
pub mod front;
pub mod headers;
mod host;
pub mod jar;
mod login;
pub mod metrics;
mod next;
pub mod pages;
mod parts;
pub mod path;
mod portal_pages;
pub mod products;
mod relay;
mod request_body;
pub mod routes;
pub mod session;
mod submission;
pub mod verdict;

pub use classify::{Class, classify};
pub use front::WebmailFront;
