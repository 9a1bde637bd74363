//! The single field of a mail app, or of a host that prompts once: an app password, a password followed by a code, or,
//! where no code is required, the password.

use super::ask::{NotChallenged, Requirement, required};
use super::code::{self, Accepted, CodeRefusal, missed, spend};
use crate::account::{ACCEPTED_FIELDS_MAX, AcceptedField, FieldFingerprint};
use crate::app_password::{self, Sealed, Typed, Use};
use crate::backup;
use crate::decision::{Decision, Settled};
use crate::factor::BACKUP;
use crate::source::Source;
use crate::{Account, Channel, Kind, Time, text};

/// Seconds of a minute.
const MINUTE: i64 = 60;

/// A field and its source.
#[derive(Clone)]
pub struct Field<'a> {
    /// The front's channel.
    pub channel: Channel,
    /// The whole field.
    pub text: &'a str,
    /// TOTP steps that are accepted before and after the current one.
    pub window: u32,
    /// The source and a keyed hash of the field, if both are known.
    pub again: Option<FieldFingerprint>,
    /// The source of the sign-in.
    pub source: Source<'a>,
}

/// What a field was accepted as.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldAccepted {
    /// No second factor is required: the field is the password.
    NotRequired,
    /// A password followed by a code, which is verified.
    PasswordAndCode {
        /// The factor.
        factor: Accepted,
        /// The length of the password in the field, in bytes.
        password: usize,
    },
    /// An app password.
    AppPassword {
        /// Its id.
        id: String,
        /// When it was made.
        created: Time,
        /// The sealed password that it opens.
        sealed: Sealed,
    },
}

/// Why a field is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldRefusal {
    /// No factor is checked.
    NotChallenged(NotChallenged),
    /// The platform does not accept a password and a code in one field.
    NotInOneField,
    /// The code is wrong, or was used before.
    Code(CodeRefusal),
    /// The app password is right, but is not accepted from this network or for this service.
    Elsewhere,
    /// The app password is right, but expired.
    Expired,
    /// The app password is right, but the mailbox's password has changed since it was sealed.
    Outdated,
}

/// The result of a field.
pub type FieldVerdict = Result<FieldAccepted, FieldRefusal>;

/// Checks a field. App passwords are checked first, whatever the account requires: a configured phone continues to work
/// when the account is suspended or its platform is switched off. A lock does not apply to them, since it is against
/// guessing: otherwise any client that fails at this channel could lock out every phone.
pub fn field(it: &Settled<'_>, field: &Field<'_>) -> Decision<FieldVerdict> {
    let (typed, account) = (Typed::read(field.text), it.account());
    let its_place = |typed: &Typed| account.app_passwords.iter().position(|it| it.is(typed, &account.mailbox));
    match typed.as_ref().and_then(its_place) {
        Some(at) => app_password(it, at, field),
        None => password_and_code(it, field),
    }
}

/// The field is the app password at that index. Its use does not reset the count of wrong codes: with a phone that
/// signs in every few minutes, an attacker would otherwise have unlimited guesses at this channel.
fn app_password(settled: &Settled<'_>, at: usize, field: &Field<'_>) -> Decision<FieldVerdict> {
    let (mut account, now) = (settled.account().clone(), settled.now());
    let it = &mut account.app_passwords[at];
    if !it.is_taken_from(field.source.address) || field.source.service.is_some_and(app_password::is_shell) {
        return Decision::refused(FieldRefusal::Elsewhere);
    }
    if it.has_expired(now) {
        return Decision::refused(FieldRefusal::Expired);
    }
    if it.outdated {
        return Decision::refused(FieldRefusal::Outdated);
    }
    let client = field.source.client.map(|client| text::line(client, app_password::CLIENT_MAX));
    let is_news = it.note(Use { time: now, address: field.source.address, client });
    let accepted = FieldAccepted::AppPassword { id: it.id.clone(), created: it.created, sealed: it.sealed.clone() };
    Decision { verdict: Ok(accepted), next: is_news.then_some(account) }
}

/// Checks a field that holds a password followed by a code. The methods in use determine the length of the code. All
/// readings of one field together count as one guess. A field without a valid reading is not counted: a mail app that
/// still has the bare password retries it for days.
fn password_and_code(it: &Settled<'_>, field: &Field<'_>) -> Decision<FieldVerdict> {
    let (mut account, platform, now) = (it.account().clone(), it.platform(), it.now());
    let Field { channel, text, window, source, ref again } = *field;
    // Invisible characters that were copied with the code are at the end.
    let text = text.trim_end_matches(|end: char| text::is_invisible(end) || (end.is_whitespace() && end != ' '));
    match required(&account, platform, channel, source, now) {
        Requirement::Factor => {}
        Requirement::Nothing => return Decision::unchanged(Ok(FieldAccepted::NotRequired)),
        Requirement::Enrolment => return Decision::refused(FieldRefusal::NotChallenged(NotChallenged::Stale)),
        Requirement::Refused(refusal) => {
            return Decision::refused(FieldRefusal::NotChallenged(NotChallenged::Refused(refusal)));
        }
    }
    if !platform.policy.password_and_code {
        return Decision::refused(FieldRefusal::NotInOneField);
    }
    let minutes = i64::from(platform.policy.reconnect_window);
    // If `now` is before `since`, the clock was set back: that must not extend the window.
    let open = |passed: &AcceptedField| passed.since <= now && now < passed.since.plus(minutes * MINUTE);
    if let Some(again) = again
        && let Some(passed) = account
            .accepted_fields
            .iter()
            .find(|passed| passed.again == *again && passed.channel == channel && open(passed))
    {
        let factor = Accepted { method: passed.method.clone(), backup_codes_left: None };
        return Decision::unchanged(Ok(FieldAccepted::PasswordAndCode { factor, password: passed.password }));
    }
    // A field in the form of an app password that is not one of this account is a revoked one: a phone retries it for
    // days, and its letters are not a backup code.
    let reads_backup_codes = channel.takes_backup_codes() && Typed::read(text).is_none();
    let readings = readings(&account, reads_backup_codes, text);
    if readings.is_empty() {
        return Decision::refused(FieldRefusal::Code(CodeRefusal::Wrong {
            failures: account.throttle(channel).failures,
        }));
    }
    let typed = code::Typed { method: None, readings: &readings, window, session: None };
    let Some(spent) = spend(&mut account, channel, &typed, now) else {
        return missed(account, channel, &readings, now).map(|refusal| Err(FieldRefusal::Code(refusal)));
    };
    account.note_code(channel, readings[spent.at]);
    let before = text[..text.len() - readings[spent.at].len()].trim_end_matches(text::is_invisible);
    let separated = platform.policy.code_separator.and_then(|separator| before.strip_suffix(separator));
    // If no password would be left, it is not a separator.
    let password = separated.filter(|password| !password.is_empty()).unwrap_or(before).len();
    account.throttles.remove(&channel.budget());
    account.accepted_fields.retain(open);
    // A backup code is valid for one sign-in, whatever the window is.
    if let Some(again) = again.clone().filter(|_| minutes > 0 && spent.accepted.method != BACKUP) {
        account.accepted_fields.truncate(ACCEPTED_FIELDS_MAX - 1);
        account
            .accepted_fields
            .insert(0, AcceptedField { again, channel, since: now, method: spent.accepted.method.clone(), password });
    }
    Decision::changed(Ok(FieldAccepted::PasswordAndCode { factor: spent.accepted, password }), account)
}

/// The possible codes at the end of a field.
fn readings<'a>(account: &Account, reads_backup_codes: bool, text: &'a str) -> Vec<&'a str> {
    // Codes that are sent, and security keys, are not used in this form.
    let digits = account.factors.iter().filter_map(|factor| match &factor.kind {
        Kind::Totp(totp) => Some(totp.digits() as usize),
        Kind::Sms(_) | Kind::Email(_) | Kind::Key(_) => None,
    });
    let backup = account.backup.as_ref().filter(|_| reads_backup_codes);
    let imported = backup.filter(|backup| backup.has_imported()).map(|_| backup::IMPORTED_DIGITS);
    let mut lengths: Vec<usize> = digits.chain(imported).collect();
    lengths.sort_unstable();
    lengths.dedup();
    let is_digit = |byte: u8| byte.is_ascii_digit();
    let codes = lengths.into_iter().filter_map(|length| tail(text, length, is_digit));
    // The letters of a backup code, and the digits that are read as letters.
    let is_of_backup = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'0'..=b'8' | b'-');
    let lengths = backup.iter().flat_map(|_| [backup::LENGTH, backup::LENGTH + 1]);
    codes.chain(lengths.filter_map(|length| tail(text, length, is_of_backup))).collect()
}

/// The last `length` characters of a field, if it has that many and all are of that kind.
fn tail(text: &str, length: usize, is_of_it: impl Fn(u8) -> bool) -> Option<&str> {
    // A code without a password is refused: some mail servers accept an empty password.
    let at = text.len().checked_sub(length).filter(|at| *at > 0)?;
    text.get(at..).filter(|tail| tail.bytes().all(is_of_it))
}
