//! The webmail front: a reverse proxy that manages the sessions.
//!
//! The browser never holds a cookie of the webmail, only an opaque one of this front, which changes at every step of
//! the sign-in. The processing of a request, in order:
//!
//! 1. [`front`] creates the [`context`] of the request. [`mod@classify`] determines what the request is, using the only
//!    [path](postern_products::path) parser, the table of our own [`routes`] and the rules of the product ([`postern_products`]), and what to do with
//!    it in the stage of its [`session`]. Both are pure.
//! 2. Without a session, only the login page and its files are available, through requests that the front makes itself
//!    ([`relay`]). The browser stores the page that the user wanted ([`destination`]).
//! 3. Every form is processed once, however often it is submitted ([`submission`], [`session::repeats`]). A login form
//!    is parsed ([form](postern_products::form)), rebuilt and sent, and the webmail's response is evaluated ([`login`]). The webmail's
//!    cookies are kept in a [jar](postern_products::jar). The daemon is asked about the name that was typed and about the one that the
//!    webmail shows.
//! 4. The [`verdict`] is one of: released, code required, or enrolment required. Until the session is released, none of
//!    its requests are forwarded upstream ([`challenge`], [`pages`]).
//! 5. The requests of a released session are forwarded, filtered by [`headers`]. The session stays bound to its mailbox
//!    according to the webmail's responses ([`relay`]).
//! 6. Changes at the daemon end sessions and the requests that run in them ([`session::registry`]).
//!
//! Users manage their own account on the Security page ([`account`]). [`portal_pages`] dispatches our own pages and
//! forms; [`next`] describes what one part leaves to another. [`parts`] creates all parts.
//!
//! Some webmails also have endpoints that require only the password ([`endpoints`]). They are closed unless they are
//! opened to app passwords or to networks.
//!
//! A request that matches no rule is refused.

mod account;
mod ask;
mod challenge;
pub mod classify;
mod context;
mod cut;
pub mod destination;
pub mod endpoints;
pub mod front;
pub mod headers;
mod host;
mod login;
pub mod metrics;
mod next;
pub mod pages;
mod parts;
mod portal_pages;
mod relay;
mod request_body;
pub mod routes;
pub mod session;
mod submission;
pub mod verdict;

pub use classify::{Class, classify};
pub use front::WebmailFront;
