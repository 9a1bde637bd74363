//! The methods of both interfaces: parameters, replies, number of replies, and allowed callers. Dispatchers and clients
//! use these tables; a test compares them with the interface files.

use crate::admin::{
    Accounts, AddTotp, Aliases, AppPasswordCreated, AppPasswords, AuditEntries, ChangeAccount, Changed,
    CreateAppPassword, CreatePlatform, DecideRequest, Decided, Empty, ExportPiece, Findings, ImportTotp, Imported,
    Keys, ListAccounts, LogLevels, Mailbox, PlatformName, Platforms, ReadAudit, RemoveMethod, Requests,
    RevokeAppPassword, SetContact, SetLog, SetPlatform, Status, SwitchPlatform, TotpAdded,
};
use crate::auth::{
    Answer, AnswerField, AnswerVerdict, Ask, Asked, Confirm, ConfirmVerdict, Enrol, EnrolVerdict, FieldVerdict,
    PasswordAccepted, PasswordChecked, PasswordChecks, PasswordRefused, Prepare, PrepareVerdict, Recheck, Rechecked,
    SignedIn, WatchEvent,
};
use crate::security::{ChangeSecurity, ChangeVerdict, OpenRequest, RequestVerdict, SecurityVerdict, ShowSecurity};

/// A method as a type, which links its parameters and its reply.
pub trait Method {
    /// Its name without the interface, such as `Ask`.
    const NAME: &'static str;
    /// Its parameters.
    type Parameters;
    /// Its reply; if there are several, each of them.
    type Reply;
}

/// The number of replies of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replies {
    /// Once.
    One,
    /// Several: the call has to set `more`.
    Many,
}

/// The allowed callers of a method, among those who may connect to its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// All of them.
    Any,
    /// Only the user that the fronts run as.
    Front,
}

macro_rules! methods {
    (
        $(#[$about:meta])*
        $table:ident of $interface:path as $types:ident:
        $($method:ident($parameters:ty) -> $replies:ident $reply:ty, by $caller:ident;)+
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $table {
            $(
                #[doc = concat!("`", stringify!($method), "`; the interface file says what it does.")]
                $method,
            )+
        }

        impl $table {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$method),+];

            /// The method with this full name, such as `org.postern.Auth.Ask`.
            pub fn of(name: &str) -> Option<Self> {
                let name = name.strip_prefix($interface)?.strip_prefix('.')?;
                Self::ALL.iter().find(|method| method.name() == name).copied()
            }

            /// Its name without the interface.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$method => stringify!($method),)+
                }
            }

            /// The number of its replies.
            pub const fn replies(self) -> Replies {
                match self {
                    $(Self::$method => Replies::$replies,)+
                }
            }

            /// Its allowed callers.
            pub const fn caller(self) -> Caller {
                match self {
                    $(Self::$method => Caller::$caller,)+
                }
            }
        }

        /// The same methods, each as a type.
        pub mod $types {
            $(
                #[doc = concat!("`", stringify!($method), "`; the interface file says what it does.")]
                #[derive(Debug)]
                pub struct $method;
            )+
        }

        $(impl Method for $types::$method {
            const NAME: &'static str = stringify!($method);
            type Parameters = $parameters;
            type Reply = $reply;
        })+
    };
}

methods! {
    /// The methods of [`crate::auth::INTERFACE`].
    AuthMethod of crate::auth::INTERFACE as auth_method:
    Ask(Ask) -> One Asked, by Any;
    Prepare(Prepare) -> One PrepareVerdict, by Any;
    Answer(Answer) -> One AnswerVerdict, by Any;
    AnswerField(AnswerField) -> One FieldVerdict, by Any;
    PasswordRefused(PasswordRefused) -> One Empty, by Front;
    PasswordAccepted(PasswordAccepted) -> One Empty, by Front;
    CheckPasswords(Empty) -> Many PasswordChecks, by Front;
    PasswordChecked(PasswordChecked) -> One Empty, by Front;
    Enrol(Enrol) -> One EnrolVerdict, by Any;
    Confirm(Confirm) -> One ConfirmVerdict, by Any;
    SignedIn(SignedIn) -> One Empty, by Front;
    ShowSecurity(ShowSecurity) -> One SecurityVerdict, by Any;
    ChangeSecurity(ChangeSecurity) -> One ChangeVerdict, by Any;
    OpenRequest(OpenRequest) -> One RequestVerdict, by Any;
    Recheck(Recheck) -> One Rechecked, by Any;
    Watch(Empty) -> Many WatchEvent, by Any;
}

methods! {
    /// The methods of [`crate::admin::INTERFACE`].
    AdminMethod of crate::admin::INTERFACE as admin_method:
    Status(Empty) -> One Status, by Any;
    Check(Empty) -> One Findings, by Any;
    ListPlatforms(Empty) -> One Platforms, by Any;
    CreatePlatform(CreatePlatform) -> One Platforms, by Any;
    ShowPlatform(PlatformName) -> One Platforms, by Any;
    SetPlatform(SetPlatform) -> One Platforms, by Any;
    SwitchPlatform(SwitchPlatform) -> One Platforms, by Any;
    ListAccounts(ListAccounts) -> Many Accounts, by Any;
    ShowAccount(Mailbox) -> One Accounts, by Any;
    ChangeAccount(ChangeAccount) -> One Changed, by Any;
    AddAliases(Aliases) -> One Accounts, by Any;
    RemoveAliases(Aliases) -> One Accounts, by Any;
    SetContact(SetContact) -> One Accounts, by Any;
    AddTotp(AddTotp) -> One TotpAdded, by Any;
    ImportTotp(ImportTotp) -> One Changed, by Any;
    RemoveMethod(RemoveMethod) -> One Accounts, by Any;
    ListAppPasswords(Mailbox) -> One AppPasswords, by Any;
    CreateAppPassword(CreateAppPassword) -> One AppPasswordCreated, by Any;
    RevokeAppPassword(RevokeAppPassword) -> One AppPasswords, by Any;
    ListKeys(Empty) -> One Keys, by Any;
    RotateKey(Empty) -> One Keys, by Any;
    ShowLog(Empty) -> One LogLevels, by Any;
    SetLog(SetLog) -> One LogLevels, by Any;
    ResetLog(Empty) -> One LogLevels, by Any;
    ListRequests(Empty) -> Many Requests, by Any;
    ShowRequest(Mailbox) -> One Requests, by Any;
    DecideRequest(DecideRequest) -> One Decided, by Any;
    ReadAudit(ReadAudit) -> Many AuditEntries, by Any;
    Export(Empty) -> Many ExportPiece, by Any;
    Import(ExportPiece) -> One Imported, by Any;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{admin, auth};

    /// The methods in an interface file, in its order.
    fn described(file: &str) -> Vec<&str> {
        let lines = file.lines().filter_map(|line| line.strip_prefix("method "));
        lines.filter_map(|line| line.split('(').next()).collect()
    }

    #[test]
    fn the_tables_have_the_methods_of_the_interface_files_in_their_order() {
        let auth: Vec<&str> = AuthMethod::ALL.iter().map(|method| method.name()).collect();
        let admin: Vec<&str> = AdminMethod::ALL.iter().map(|method| method.name()).collect();
        assert_eq!(auth, described(auth::DESCRIPTION));
        assert_eq!(admin, described(admin::DESCRIPTION));
    }

    #[test]
    fn a_method_is_found_by_its_full_name_on_its_own_interface() {
        assert_eq!(AuthMethod::of("org.postern.Auth.Ask"), Some(AuthMethod::Ask));
        for other in
            ["Ask", "org.postern.Auth.", "org.postern.AuthAsk", "org.postern.Auth.Status", "org.postern.Auth.ask"]
        {
            assert_eq!(AuthMethod::of(other), None, "{other}");
        }
        assert_eq!(AdminMethod::of("org.postern.Admin.Export").map(AdminMethod::replies), Some(Replies::Many));
        assert_eq!(AuthMethod::PasswordRefused.caller(), Caller::Front);
    }
}
