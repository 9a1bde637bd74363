//! Sets up a first method during a sign-in: shows the secret, confirms it with a code, shows backup codes.

use crate::daemon::Daemon;
use crate::host::Host;
use crate::qr;
use crate::sign_in::{SignIn, fit};
use crate::text;
use crate::verdict::{Admitted, AuthFailure};
use postern_wire::auth::{self, Channel, Confirm, ConfirmVerdict, Enrol, EnrolVerdict, Reason, Refusal};
use postern_wire::methods::auth_method;

/// How often a code may be typed before the user has to sign in again: codes that are read from a screen should be
/// right by the third attempt.
const TRIES: u32 = 3;

/// Enrols the account.
///
/// # Errors
/// As [`crate::dialogue::sign_in`]. An interrupted enrolment has no effect: the daemon has stored nothing.
pub(crate) fn enrol<H: Host, D: Daemon>(sign_in: &mut SignIn<'_, H, D>) -> Result<Admitted, AuthFailure> {
    let (name, origin) = (sign_in.name.clone(), sign_in.origin.clone());
    let begin = Enrol { name: name.clone(), channel: Channel::Pam, origin: origin.clone(), ..Enrol::default() };
    let (ticket, secret, uri) = match sign_in.call::<auth_method::Enrol>(&begin)? {
        EnrolVerdict::Offered { ticket, secret, uri, .. } => (ticket, secret, uri),
        EnrolVerdict::Sent { .. } | EnrolVerdict::Key { .. } => {
            return Err(sign_in.refused(&Refusal::new(Reason::Stale)));
        }
        EnrolVerdict::Refused(refusal) => return Err(sign_in.refused(&refusal)),
    };
    // The picture is last: with the prompt below it, it fills the screen, and earlier text may scroll away.
    sign_in.host.info(&text::invitation(&name, &secret));
    if let Some(picture) = qr::picture(uri.reveal(), sign_in.host.shows_unicode()) {
        sign_in.host.info(&picture);
    }
    for left in (0..TRIES).rev() {
        let code = fit(sign_in.host.ask(text::FIRST_CODE)?, auth::MAX_CODE)?;
        let confirm = Confirm {
            name: name.clone(),
            channel: Channel::Pam,
            origin: origin.clone(),
            ticket: ticket.clone(),
            code,
            description: String::new(),
        };
        match sign_in.call::<auth_method::Confirm>(&confirm)? {
            ConfirmVerdict::Accepted { method, backup_codes, .. } => {
                if !backup_codes.is_empty() {
                    sign_in.host.info(&text::backup_codes(&backup_codes));
                    // sshd shows text only together with a prompt. The account is enrolled, whatever is typed here.
                    drop(sign_in.host.ask(text::CODES_KEPT));
                }
                return Ok(Admitted::Enrolled { method });
            }
            ConfirmVerdict::Refused(refusal) if refusal.reason == Reason::Wrong && left > 0 => {
                sign_in.host.info(text::NOT_CONFIRMED);
            }
            ConfirmVerdict::Refused(refusal) => return Err(sign_in.refused(&refusal)),
        }
    }
    Err(AuthFailure::Refused(Reason::Wrong))
}
