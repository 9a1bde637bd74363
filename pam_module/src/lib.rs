//! `pam_postern.so`: asks posternd whether a sign-in needs a second factor, prompts as the daemon says, and converts
//! its verdict to a PAM code.
//!
//! It runs in the process of another program, so it has no policy, no wall clock, no thread, no async runtime, no
//! signal handler, and it leaves no state when a transaction ends.
//!
//! * `dialogue`: the sequence of a sign-in, over the traits `Host` and `Daemon`; `enrolment`: its longest part;
//! * `verdict`: the results of a sign-in, and the only place where they become a PAM code;
//! * `host`: libpam behind the trait `Host`, and all unsafe code; `daemon`: posternd behind the trait `Daemon`;
//! * `text`, `qr`, `audit`: the texts for users and for the log. `postern-pam-options`, which `postern check` also
//!   uses, parses the administrator's options.

mod audit;
mod clock;
mod daemon;
mod dialogue;
mod enrolment;
mod host;
mod locale;
mod qr;
mod sign_in;
mod text;
mod verdict;

use crate::daemon::Posternd;
use crate::host::PamHost;
use crate::verdict::{Admitted, AuthFailure};
use pam::constants::{PamFlag, PamResultCode};
use pam::module::{PamHandle, PamHooks};
use postern_pam_options::Options;
use std::ffi::CStr;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

struct Postern;

#[expect(missing_docs, reason = "the macro writes the C functions that libpam calls: see pam(3)")]
mod hooks {
    use super::Postern;
    pam::pam_hooks!(Postern);
}
pub use hooks::*;

impl PamHooks for Postern {
    /// Asks the daemon. PAM_DISALLOW_NULL_AUTHTOK is about passwords, so it has no effect here.
    fn sm_authenticate(pamh: &mut PamHandle, args: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        let mut host = PamHost::new(pamh, flags);
        let ended = unpanicked(|| authenticate(&mut host, &args));
        let (priority, line) = audit::line(&ended, &host.facts());
        host.log(priority, &line);
        verdict::code(&ended)
    }

    /// There are no credentials to set. The binding's default, `PAM_IGNORE`, can make libpam refuse a right login.
    fn sm_setcred(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_SUCCESS
    }
}

fn authenticate(host: &mut PamHost<'_>, args: &[&CStr]) -> Result<Admitted, AuthFailure> {
    let options = Options::parse(args.iter().map(|arg| arg.to_bytes()))?;
    dialogue::sign_in(host, &mut Posternd::new(&options.socket), &options)
}

/// Runs `story`; a panic in it ends the sign-in, not the host, and prints nothing: standard error may be anything, even
/// the mail client's connection.
///
/// The hook is set permanently, without effect on the host: a shared object of Rust has its own standard library, so
/// this hook only gets panics of this module, even in a host written in Rust.
fn unpanicked(story: impl FnOnce() -> Result<Admitted, AuthFailure>) -> Result<Admitted, AuthFailure> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| panic::set_hook(Box::new(|_| ())));
    panic::catch_unwind(AssertUnwindSafe(story)).unwrap_or(Err(AuthFailure::Panicked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_refusal() {
        let ended = unpanicked(|| panic!("246810"));
        // In a test, all code shares one standard library.
        drop(panic::take_hook());
        assert!(matches!(ended, Err(AuthFailure::Panicked)));
        assert_eq!(verdict::code(&ended), PamResultCode::PAM_ABORT);
    }
}
