//! The webmails that this front knows.

mod owa;
pub mod product;
pub(crate) mod roundcube;
#[cfg(test)]
mod roundcube_tests;
mod snappymail;
#[cfg(test)]
mod snappymail_tests;
mod sogo;
#[cfg(test)]
mod sogo_tests;
