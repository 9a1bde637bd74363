//! The sequence of a sign-in: ask the daemon, prompt as its verdict says, send the answer, return the verdict.
//!
//! It has no rules and knows no methods. The daemon determines the form of a code, and where in a field it begins.

use crate::daemon::Daemon;
use crate::enrolment;
use crate::host::Host;
use crate::sign_in::{SignIn, fit};
use crate::text;
use crate::verdict::{Admitted, AuthFailure, Unfit};
use postern_pam_options::{First, Options};
use postern_wire::address::parse_address;
use postern_wire::auth::{
    self, APP_PASSWORD_LETTERS, Answer, AnswerField, AnswerVerdict, Ask, AskVerdict, Asked, Channel, FieldVerdict,
    Offer, Origin, Reason, Refusal,
};
use postern_wire::methods::auth_method;
use postern_wire::{CallError, Secret};

/// Runs the whole sequence.
///
/// # Errors
/// An [`AuthFailure`] is a refusal; its text has already been shown.
pub(crate) fn sign_in(
    host: &mut impl Host,
    daemon: &mut impl Daemon,
    options: &Options,
) -> Result<Admitted, AuthFailure> {
    let name = options.qualified(host.user()?);
    if name.chars().count() > auth::MAX_NAME {
        return Err(Unfit::TooLong.into());
    }
    let service = host.service().map(|service| service.chars().take(auth::MAX_NAME).collect());
    let address = host.rhost().and_then(|rhost| parse_address(&rhost));
    let origin = Origin { address, service, ..Origin::default() };
    let ended = SignIn { host, daemon, options, name, origin }.tell();
    if let Err(AuthFailure::Unavailable(_)) = ended {
        host.error(text::UNAVAILABLE);
    }
    ended
}

impl<H: Host, D: Daemon> SignIn<'_, H, D> {
    fn tell(&mut self) -> Result<Admitted, AuthFailure> {
        let ask = Ask { name: self.name.clone(), channel: Channel::Pam, origin: self.origin.clone(), ..Ask::default() };
        let Asked { verdict, app_passwords_of, .. } = self.call::<auth_method::Ask>(&ask)?;
        let enrols = matches!(verdict, AskVerdict::Enrol { .. }) && self.enrols_here();
        let has_app_passwords = app_passwords_of.is_some();
        if let Some(mailbox) = app_passwords_of.filter(|_| !enrols && !matches!(verdict, AskVerdict::Challenge { .. }))
        {
            self.name = mailbox;
            if let Some(passed) = self.app_password(&verdict)? {
                return Ok(passed);
            }
        }
        match verdict {
            AskVerdict::NotRequired { .. } => Ok(Admitted::NotRequired),
            AskVerdict::Challenge { mailbox, methods, .. } => {
                self.name = mailbox;
                self.challenge(&methods, has_app_passwords)
            }
            AskVerdict::Enrol { mailbox, .. } if enrols => {
                self.name = mailbox;
                enrolment::enrol(self)
            }
            AskVerdict::Enrol { .. } => Err(self.refused(&Refusal::new(Reason::Unenrolled))),
            AskVerdict::Refused(refusal) => Err(self.refused(&refusal)),
        }
    }

    fn enrols_here(&self) -> bool {
        self.options.may_enrol() && self.host.shows_text()
    }

    /// Checks the field of a mail app as an app password when no code is required now, so that a configured phone
    /// continues to work. `None`: the input is not checked, or does not change the result.
    fn app_password(&mut self, asked: &AskVerdict) -> Result<Option<Admitted>, AuthFailure> {
        let text = match self.options.first {
            First::Prompt if self.options.forward_pass => Some(self.host.ask(text::prompt(self.options))?),
            First::Prompt => None,
            // Input that is not UTF-8 is not an app password.
            First::Use | First::Try => {
                self.host.password().ok().flatten().filter(|text| may_be_app_password(text.reveal()))
            }
        };
        let Some(text) = text else { return Ok(None) };
        match self.field(text)? {
            Ok(passed) => Ok(Some(passed)),
            // It is not an app password, and the account can only enrol. Where no code was required, "stale" means that
            // this has changed.
            Err(refusal) if refusal.reason == Reason::Stale && matches!(asked, AskVerdict::Enrol { .. }) => Ok(None),
            Err(refusal) => Err(self.refused(&refusal)),
        }
    }

    /// A code is required: from the password that an earlier module left, or from a prompt.
    fn challenge(&mut self, methods: &[Offer], has_app_passwords: bool) -> Result<Admitted, AuthFailure> {
        match self.options.first {
            First::Prompt => {}
            First::Use => {
                let text = self.host.password()?.ok_or(Unfit::Empty)?;
                return self.field(text)?.map_err(|refusal| self.refused(&refusal));
            }
            First::Try => {
                let is_worth_a_look =
                    |text: &str| may_end_in_code(text, methods) || (has_app_passwords && may_be_app_password(text));
                if let Some(text) = self.host.password()?.filter(|text| is_worth_a_look(text.reveal())) {
                    self.debug(format_args!(
                        "the password that was given before may be an app password, or end in a code"
                    ));
                    match self.field(text)? {
                        Err(refusal) if refusal.reason == Reason::Wrong => {}
                        verdict => return verdict.map_err(|refusal| self.refused(&refusal)),
                    }
                }
            }
        }
        let reply = self.host.ask(text::prompt(self.options))?;
        let verdict = if self.options.forward_pass { self.field(reply)? } else { self.answer(reply)? };
        verdict.map_err(|refusal| self.refused(&refusal))
    }

    /// Checks a code that was typed separately.
    fn answer(&mut self, code: Secret) -> Result<Result<Admitted, Refusal>, AuthFailure> {
        let code = fit(code, auth::MAX_CODE)?;
        let (name, origin) = (self.name.clone(), self.origin.clone());
        let answer = Answer { name, channel: Channel::Pam, origin, code, ..Answer::default() };
        Ok(match self.call::<auth_method::Answer>(&answer)? {
            AnswerVerdict::Accepted { method, backup_codes_left, .. } => Ok(self.verified(method, backup_codes_left)),
            AnswerVerdict::Refused(refusal) => Err(refusal),
        })
    }

    /// Checks a field with an app password, or with a password followed by a code, and stores the mailbox's password
    /// for the modules after this one if that is configured.
    fn field(&mut self, text: Secret) -> Result<Result<Admitted, Refusal>, AuthFailure> {
        let text = fit(text, auth::MAX_FIELD)?;
        let field = AnswerField { name: self.name.clone(), channel: Channel::Pam, origin: self.origin.clone(), text };
        let (password, passed) = match self.call::<auth_method::AnswerField>(&field)? {
            FieldVerdict::NotRequired { .. } => (field.text, Admitted::NotRequired),
            FieldVerdict::Accepted { method, password_length, backup_codes_left, .. } => {
                let password = field.text.reveal().get(..password_length as usize);
                let nowhere = || CallError::Garbage("the password ends where the field has no character".to_owned());
                let password = password.ok_or_else(nowhere)?.into();
                (password, self.verified(method, backup_codes_left))
            }
            FieldVerdict::AppPassword { id, password, .. } => {
                (password, Admitted::Verified { method: format!("app password {id}") })
            }
            FieldVerdict::Refused(refusal) => return Ok(Err(refusal)),
        };
        if self.options.forward_pass {
            self.host.set_password(&password)?;
        }
        Ok(Ok(passed))
    }

    fn verified(&mut self, method: String, backup_codes_left: Option<u32>) -> Admitted {
        if let Some(count) = backup_codes_left {
            self.host.info(&text::backup_codes_left(count));
        }
        Admitted::Verified { method }
    }
}

/// Whether a password may end in a code, so that the daemon is to be asked: each request that ends in "wrong" counts
/// against the account, and with `try_first_pass` most passwords have no code at the end. Codes of unknown length
/// (backup codes) are requested by the prompt in that case.
fn may_end_in_code(text: &str, methods: &[Offer]) -> bool {
    // Copied text may end in invisible marks; the daemon ignores them too.
    let text = text.trim_end_matches(|end: char| end.is_whitespace() || !(end.is_ascii() || end.is_alphanumeric()));
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    methods.iter().filter_map(|method| method.digits).any(|length| digits >= length as usize)
}

/// Whether a text has the length of an app password: its letters in any grouping, ignoring copied marks.
fn may_be_app_password(text: &str) -> bool {
    let is_letter = |char: &char| char.is_alphanumeric() || (char.is_ascii_graphic() && *char != '-');
    text.chars().filter(is_letter).count() == APP_PASSWORD_LETTERS
}

#[cfg(test)]
mod tests;
