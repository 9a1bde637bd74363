//! Every test against the real programs, in one binary: it links once, and its modules run side by side.

mod browser;
mod fail2ban;
mod imap;
mod owa;
mod packaging;
mod pam;
mod story;
mod structure;
mod world;
