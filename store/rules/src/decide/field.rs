//! The single field of a mail app, or of a host that prompts once: an app password, a password followed by a code, or,
//! where no code is required, the password.

use super::ask::not_asked;
use super::code::{self, missed, spend};
use super::outcome::refused;
use crate::account::{ACCEPTED_FIELDS_MAX, AcceptedField, FieldFingerprint};
use crate::app_password::{self, Typed, Use};
use crate::backup;
use crate::event::{Decision, Verdict};
use crate::factor::BACKUP;
use crate::source::Source;
use crate::{Account, Channel, Kind, Platform, Refusal, Time, text};

/// Seconds of a minute.
const MINUTE: i64 = 60;

/// A field and its source.
pub(super) struct Field<'a> {
    pub(super) channel: Channel,
    pub(super) text: &'a str,
    /// TOTP steps that are accepted before and after the current one.
    pub(super) window: u32,
    pub(super) source: Source<'a>,
}

/// Checks a field. App passwords are checked first, whatever the account requires: a configured phone continues to work
/// when the account is suspended or its platform is switched off. A lock does not apply to them, since it is against
/// guessing: otherwise any client that fails at this channel could lock out every phone.
pub(super) fn look(
    account: Account,
    platform: &Platform,
    field: &Field<'_>,
    again: Option<FieldFingerprint>,
    now: Time,
) -> Decision {
    let typed = Typed::read(field.text);
    let its_place = |typed: &Typed| account.app_passwords.iter().position(|it| it.is(typed, &account.mailbox));
    match typed.as_ref().and_then(its_place) {
        Some(at) => app_password(account, at, field, now),
        None => password_and_code(account, platform, field, again, now),
    }
}

/// The field is the app password at that index. Its use does not reset the count of wrong codes: with a phone that
/// signs in every few minutes, an attacker would otherwise have unlimited guesses at this channel.
fn app_password(mut account: Account, at: usize, field: &Field<'_>, now: Time) -> Decision {
    let it = &mut account.app_passwords[at];
    if !it.is_taken_from(field.source.address) || field.source.service.is_some_and(app_password::is_shell) {
        return refused(Refusal::Elsewhere);
    }
    if it.has_expired(now) {
        return refused(Refusal::Expired);
    }
    if it.outdated {
        return refused(Refusal::Outdated);
    }
    let client = field.source.client.map(|client| text::line(client, app_password::CLIENT_MAX));
    let is_news = it.note(Use { time: now, address: field.source.address, client });
    let verdict = Verdict::AppPassword { id: it.id.clone(), created: it.created, sealed: it.sealed.clone() };
    Decision { verdict, next: is_news.then_some(account) }
}

/// Checks a field that holds a password followed by a code. The methods in use determine the length of the code. All
/// readings of one field together count as one guess. A field without a valid reading is not counted: a mail app that
/// still has the bare password retries it for days.
fn password_and_code(
    mut account: Account,
    platform: &Platform,
    field: &Field<'_>,
    again: Option<FieldFingerprint>,
    now: Time,
) -> Decision {
    let Field { channel, text, window, source } = *field;
    // Invisible characters that were copied with the code are at the end.
    let text = text.trim_end_matches(|end: char| text::is_invisible(end) || (end.is_whitespace() && end != ' '));
    if let Some(verdict) = not_asked(&account, platform, channel, source, now) {
        return Decision { verdict, next: None };
    }
    if !platform.policy.password_and_code {
        return refused(Refusal::NotInOneField);
    }
    let minutes = i64::from(platform.policy.reconnect_window);
    // If `now` is before `since`, the clock was set back: that must not extend the window.
    let open = |passed: &AcceptedField| passed.since <= now && now < passed.since.plus(minutes * MINUTE);
    if let Some(again) = &again
        && let Some(passed) = account
            .accepted_fields
            .iter()
            .find(|passed| passed.again == *again && passed.channel == channel && open(passed))
    {
        let (method, password) = (passed.method.clone(), passed.password);
        let verdict = Verdict::AcceptedBehind { method, backup_codes_left: None, password };
        return Decision { verdict, next: None };
    }
    // A field in the form of an app password that is not one of this account is a revoked one: a phone retries it for
    // days, and its letters are not a backup code.
    let reads_backup_codes = channel.takes_backup_codes() && Typed::read(text).is_none();
    let readings = readings(&account, reads_backup_codes, text);
    if readings.is_empty() {
        return refused(Refusal::Wrong { failures: account.throttle(channel).failures });
    }
    let typed = code::Typed { method: None, readings: &readings, window, session: None };
    let Some(spent) = spend(&mut account, channel, &typed, now) else {
        return missed(account, channel, &readings, now);
    };
    account.note_code(channel, readings[spent.at]);
    let before = text[..text.len() - readings[spent.at].len()].trim_end_matches(text::is_invisible);
    let separated = platform.policy.code_separator.and_then(|separator| before.strip_suffix(separator));
    // If no password would be left, it is not a separator.
    let password = separated.filter(|password| !password.is_empty()).unwrap_or(before).len();
    account.throttles.remove(&channel);
    account.accepted_fields.retain(open);
    // A backup code is valid for one sign-in, whatever the window is.
    if let Some(again) = again.filter(|_| minutes > 0 && spent.method != BACKUP) {
        account.accepted_fields.truncate(ACCEPTED_FIELDS_MAX - 1);
        account
            .accepted_fields
            .insert(0, AcceptedField { again, channel, since: now, method: spent.method.clone(), password });
    }
    let code::Spent { method, backup_codes_left, .. } = spent;
    Decision { verdict: Verdict::AcceptedBehind { method, backup_codes_left, password }, next: Some(account) }
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
