//! The webmail front: a reverse proxy that owns the session.
//!
//! The browser never holds a cookie of the webmail, only an opaque one of ours, which changes at every step up. The life of
//! a request, top to bottom:
//!
//! 1. [`front`] makes the [`context`] of the request and lets [`classify`] say what it is, by the one [`path`] parser, the
//!    table of our own [`routes`] and the rules of the product ([`products`]); and what is done with it in the stage that
//!    its [`session`] is in. Both are pure.
//! 2. Without a session there are the login page and its files, by requests that are made here ([`relay`]). The page that
//!    the user wanted is remembered in the browser ([`destination`]).
//! 3. Every form is taken once, however often it comes ([`submission`], [`session::repeats`]). A login form is read
//!    ([`form`]), rebuilt and sent, and the webmail's answer judged ([`login`]). The webmail's cookies go into a [`jar`]; the
//!    daemon is asked for the name that was typed and for the one that the webmail shows.
//! 4. Its [`verdict`] says: released, a code, or an enrolment. Until the session is released nothing of it goes upstream
//!    ([`challenge`], [`pages`]).
//! 5. A released session passes, through the filter of [`headers`], and stays bound to its mailbox by what the webmail
//!    does ([`relay`]).
//! 6. What changes at the daemon ends sessions, and what runs in them ([`session::registry`]).
//!
//! Users manage their own account on the Security page ([`account`]). The pages and forms of our own meet in
//! [`portal_pages`]; what one part leaves to another is a [`next`] step. [`parts`] makes all parts.
//!
//! Beside some webmails there are endpoints that take the password alone ([`endpoints`]): closed, unless they are opened to
//! app passwords or to networks.
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
