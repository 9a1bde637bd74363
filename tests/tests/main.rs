//! Every test against the real programs, in one binary: it links once, and its modules run side by side.

mod acme;
mod browser;
mod check;
mod demo;
mod fail2ban;
mod glossary;
mod imap;
mod import;
mod owa;
mod packaging;
mod pam;
mod pop3;
mod programs;
mod site;
mod snappymail;
mod sogo;
mod story;
mod structure;
mod world;
