//! `pam_postern.so`. This version refuses every sign-in: the dialogue with the daemon is not in it. What it does have
//! is what a host relies on: `pam_sm_setcred` succeeds, and nothing is ever let pass by mistake.

use pam::constants::{PamFlag, PamResultCode};
use pam::module::{PamHandle, PamHooks};
use std::ffi::CStr;

struct Postern;

#[expect(missing_docs, reason = "the macro writes the C functions that libpam calls: see pam(3)")]
mod hooks {
    use super::Postern;
    pam::pam_hooks!(Postern);
}
pub use hooks::*;

impl PamHooks for Postern {
    /// Refuses: nobody can be asked.
    fn sm_authenticate(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_AUTHINFO_UNAVAIL
    }

    /// There are no credentials to set. The binding's default, `PAM_IGNORE`, can make libpam refuse a right login.
    fn sm_setcred(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_SUCCESS
    }
}
