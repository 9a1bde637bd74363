//! The PAM module in real hosts: pamtester, OpenSSH, Dovecot, su, and a small host that prints numbers.

mod console;
mod crowd;
mod dovecot;
mod failures;
mod guest;
mod import;
mod modes;
mod openssh;
mod packaging;
mod terminal;
