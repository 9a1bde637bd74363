//! Converts the daemon's data of an account into view models of its pages.

use postern_portal::{self as portal, Language};
use postern_wire::security::{OwnMethod, Security};

/// The Security page, without the browsers.
pub(super) fn view(security: &Security) -> portal::Security {
    let kinds = security.kinds.iter().filter_map(|kind| portal::MethodKind::from_tag(kind));
    portal::Security {
        aliases: security.aliases.clone(),
        methods: security.methods.iter().map(method).collect(),
        codes_left: security.backup_codes_left,
        app_passwords: security.app_passwords.iter().map(app_password).collect(),
        takes_app_passwords: security.takes_app_passwords,
        can_make_app_passwords: security.can_make_app_passwords,
        browsers: Vec::new(),
        may_trust: security.may_trust,
        contact: security.contact.clone(),
        kinds: kinds.collect(),
        language: security.language.as_deref().and_then(Language::from_tag),
        done: None,
    }
}

/// One of the methods.
pub(super) fn method(own: &OwnMethod) -> portal::OwnMethod {
    let time = |unix: i64| jiff::Timestamp::from_second(unix).ok();
    portal::OwnMethod {
        method: portal::Method {
            id: own.id.clone(),
            // A method of an unknown kind has a description, or none.
            kind: portal::MethodKind::from_tag(&own.kind).unwrap_or(portal::MethodKind::Authenticator),
            description: own.description.clone(),
            hint: own.hint.clone(),
        },
        created: time(own.created),
        last_used: own.last_used.and_then(time),
        copied: own.copied,
        removal: own.removal,
    }
}

/// One of the app passwords.
pub(super) fn app_password(own: &postern_wire::admin::AppPassword) -> portal::AppPassword {
    let time = |text: &String| text.parse().ok();
    portal::AppPassword {
        id: own.id.clone(),
        description: own.description.clone(),
        created: time(&own.created),
        expires: own.expires.as_ref().and_then(time),
        last_used: own.last_used.as_ref().and_then(time),
        address: own.last_address.clone(),
        client: own.last_client.clone(),
        outdated: own.outdated,
    }
}
