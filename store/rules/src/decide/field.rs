//! A field of which a mail app, or a host that asks once, can give no more: an app password, a password with a code
//! behind it, or, where no code is required, the password.

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

/// A field and where it comes from.
pub(super) struct Field<'a> {
    pub(super) channel: Channel,
    pub(super) text: &'a str,
    /// Steps of a TOTP that are accepted on either side of now.
    pub(super) window: u32,
    pub(super) source: Source<'a>,
}

/// An app password comes first, and whatever is asked of the account: a phone that works goes on working when the
/// account is suspended or its platform switched off. Nor does a lock keep it out, which is there against guessing:
/// else anybody who fails at this channel could keep every phone out.
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

/// It is the app password at that place. To be let in by one does not end the count of wrong codes: a phone that
/// signs in every few minutes would give whoever guesses codes at this channel as many guesses as he likes.
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

/// Looks at a field that holds a password with a code behind it. How many characters the code has, the methods in use
/// say; all readings of one field together are one guess, and what cannot be read so is none: a mail app that still
/// has the bare password tries it for days.
fn password_and_code(
    mut account: Account,
    platform: &Platform,
    field: &Field<'_>,
    again: Option<FieldFingerprint>,
    now: Time,
) -> Decision {
    let Field { channel, text, window, source } = *field;
    // What was copied with the code, and is not seen, stands behind it.
    let text = text.trim_end_matches(|end: char| text::is_invisible(end) || (end.is_whitespace() && end != ' '));
    if let Some(verdict) = not_asked(&account, platform, channel, source, now) {
        return Decision { verdict, next: None };
    }
    if !platform.policy.password_and_code {
        return refused(Refusal::NotInOneField);
    }
    let minutes = i64::from(platform.policy.reconnect_window);
    // A moment before `since` is one to which the clock stepped back: the window must not grow by that.
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
    // What has the form of an app password, and is none of this account, is one that was taken back: a phone tries it
    // for days, and its letters are no backup code.
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
    // What would leave nothing is no separator.
    let password = separated.filter(|password| !password.is_empty()).unwrap_or(before).len();
    account.throttles.remove(&channel);
    account.accepted_fields.retain(open);
    // A backup code is good for one sign-in, whatever the window.
    if let Some(again) = again.filter(|_| minutes > 0 && spent.method != BACKUP) {
        account.accepted_fields.truncate(ACCEPTED_FIELDS_MAX - 1);
        account
            .accepted_fields
            .insert(0, AcceptedField { again, channel, since: now, method: spent.method.clone(), password });
    }
    let code::Spent { method, backup_codes_left, .. } = spent;
    Decision { verdict: Verdict::AcceptedBehind { method, backup_codes_left, password }, next: Some(account) }
}

/// What the code at the end of a field may be.
fn readings<'a>(account: &Account, reads_backup_codes: bool, text: &'a str) -> Vec<&'a str> {
    // What is sent or plugged in is not behind a password.
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
    // Its letters, and the digits that look like some of them.
    let is_of_backup = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'0'..=b'8' | b'-');
    let lengths = backup.iter().flat_map(|_| [backup::LENGTH, backup::LENGTH + 1]);
    codes.chain(lengths.filter_map(|length| tail(text, length, is_of_backup))).collect()
}

/// The last `length` characters of a field, where there are so many and all are of that kind.
fn tail(text: &str, length: usize, is_of_it: impl Fn(u8) -> bool) -> Option<&str> {
    // A code alone is not a password with a code: some mail servers take an empty password for a good one.
    let at = text.len().checked_sub(length).filter(|at| *at > 0)?;
    text.get(at..).filter(|tail| tail.bytes().all(is_of_it))
}
