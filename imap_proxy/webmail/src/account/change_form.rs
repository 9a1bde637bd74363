//! The form of a change: what it requests, and what its page shows.

use super::view::{app_password, method};
use postern_portal::{ChangeKind, Changing, DESCRIPTION_LENGTH, Done, Language, fields};
use postern_products::form::{self, Form};
use postern_wire::Secret;
use postern_wire::auth::MAX_NAME;
use postern_wire::security::{Change, Security};

/// The kind of change that a form requests.
pub(super) fn kind(form: &Form) -> Option<ChangeKind> {
    ChangeKind::from_tag(form.field(fields::CHANGE)?)
}

/// A text field of the form, without control characters and truncated to its limit.
pub(super) fn text(form: &Form, field: &str) -> String {
    let typed = form.field(field).unwrap_or_default().trim();
    typed.chars().filter(|c| !c.is_control()).take(DESCRIPTION_LENGTH).collect()
}

/// The change that a form requests.
pub(super) fn read(form: &Form) -> Option<Change> {
    let id = || form.field(fields::WHICH).filter(|id| id.chars().count() <= MAX_NAME).map(str::to_owned);
    let description = || text(form, fields::DESCRIPTION);
    Some(match kind(form)? {
        ChangeKind::Rename => Change::Rename { id: id()?, description: description() },
        ChangeKind::RemoveMethod => Change::RemoveMethod { id: id()? },
        ChangeKind::MakeCodes => Change::MakeBackupCodes,
        ChangeKind::DeleteCodes => Change::DeleteBackupCodes,
        ChangeKind::CreateAppPassword => {
            let password = Secret::from(form.field(fields::PASSWORD).unwrap_or_default());
            Change::CreateAppPassword { password, description: description() }
        }
        ChangeKind::RevokeAppPassword => Change::RevokeAppPassword { id: id()? },
        ChangeKind::RemoveContact => Change::RemoveContact,
        ChangeKind::SetLanguage => {
            let language = Language::from_tag(form.field(fields::TO)?)?;
            Change::SetLanguage { language: language.tag().to_owned() }
        }
        ChangeKind::RevokeTrust => Change::RevokeTrust { id: id()? },
        ChangeKind::SignOutOthers => Change::RevokeOtherTrust,
    })
}

/// The form that leads to this change again, for a change that was not carried out.
pub(super) fn form_of(change: &Change) -> Form {
    let (kind, id) = match change {
        Change::Rename { id, .. } => (ChangeKind::Rename, id.as_str()),
        Change::RemoveMethod { id } => (ChangeKind::RemoveMethod, id.as_str()),
        Change::MakeBackupCodes => (ChangeKind::MakeCodes, ""),
        Change::DeleteBackupCodes => (ChangeKind::DeleteCodes, ""),
        Change::CreateAppPassword { .. } => (ChangeKind::CreateAppPassword, ""),
        Change::RevokeAppPassword { id } => (ChangeKind::RevokeAppPassword, id.as_str()),
        Change::RemoveContact => (ChangeKind::RemoveContact, ""),
        Change::SetLanguage { .. } => (ChangeKind::SetLanguage, ""),
        Change::RevokeTrust { id } => (ChangeKind::RevokeTrust, id.as_str()),
        Change::RevokeOtherTrust => (ChangeKind::SignOutOthers, ""),
    };
    let written = form::write(&[(fields::CHANGE, kind.tag()), (fields::WHICH, id)]);
    form::parse(written.as_bytes()).unwrap_or_default()
}

/// The confirmation of a change that was made.
pub(super) fn done(change: &Change) -> Done {
    match change {
        Change::Rename { .. } => Done::Renamed,
        Change::RemoveMethod { .. } => Done::MethodRemoved,
        Change::MakeBackupCodes => Done::Codes,
        Change::DeleteBackupCodes => Done::CodesDeleted,
        Change::CreateAppPassword { .. } => Done::AppPassword,
        Change::RevokeAppPassword { .. } => Done::AppPasswordRevoked,
        Change::RemoveContact => Done::ContactRemoved,
        Change::SetLanguage { .. } => Done::LanguageSet,
        Change::RevokeTrust { .. } => Done::TrustRevoked,
        Change::RevokeOtherTrust => Done::SignedOut,
    }
}

/// The item that a change concerns; none: it does not exist.
pub(super) fn changing(security: &Security, form: &Form, proven: bool) -> Option<Changing> {
    let which = form.field(fields::WHICH).unwrap_or_default();
    let method = || {
        let own = security.methods.iter().find(|method| method.id == which)?;
        Some(method(own))
    };
    Some(match kind(form)? {
        ChangeKind::Rename => Changing::Rename { method: method()? },
        ChangeKind::RemoveMethod => Changing::RemoveMethod { method: method()? },
        ChangeKind::MakeCodes => Changing::MakeCodes { replaces: security.backup_codes_left.is_some() },
        ChangeKind::DeleteCodes => {
            security.backup_codes_left?;
            Changing::DeleteCodes
        }
        ChangeKind::CreateAppPassword if !security.takes_app_passwords => return None,
        ChangeKind::CreateAppPassword => Changing::CreateAppPassword {
            description: text(form, fields::DESCRIPTION),
            may: security.can_make_app_passwords,
            proven,
        },
        ChangeKind::RevokeAppPassword => {
            let found = security.app_passwords.iter().find(|it| it.id == which)?;
            Changing::RevokeAppPassword(app_password(found))
        }
        ChangeKind::RemoveContact => Changing::RemoveContact { address: security.contact.clone()? },
        ChangeKind::SetLanguage | ChangeKind::RevokeTrust | ChangeKind::SignOutOthers => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_which_change_it_asks_for() {
        let read = |fields: &[(&str, &str)]| read(&form::parse(form::write(fields).as_bytes()).unwrap());
        let remove = Change::RemoveMethod { id: "m1".into() };
        assert_eq!(read(&[("change", "remove-method"), ("which", "m1")]), Some(remove.clone()));
        assert_eq!(super::read(&form_of(&remove)), Some(remove));
        let renamed = Change::Rename { id: "m1".into(), description: "My phone".into() };
        assert_eq!(read(&[("change", "rename"), ("which", "m1"), ("description", " My\u{7} phone ")]), Some(renamed));
        for strange in
            [&[][..], &[("change", "reset")], &[("change", "remove-method")], &[("change", "language"), ("to", "de")]]
        {
            assert_eq!(read(strange), None, "{strange:?}");
        }
    }

    #[test]
    fn what_is_not_there_has_no_page() {
        let security = Security { mailbox: "bob@example.com".into(), ..Security::default() };
        for kind in ChangeKind::ALL {
            let form = form::write(&[("change", kind.tag()), ("which", "m1")]);
            let is_there = changing(&security, &form::parse(form.as_bytes()).unwrap(), false).is_some();
            assert_eq!(is_there, kind == ChangeKind::MakeCodes, "{kind:?}");
        }
    }
}
