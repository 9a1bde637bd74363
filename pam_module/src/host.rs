//! The host: libpam and the program that uses it (sshd, Dovecot, su). All unsafe code of this module is here.
#![expect(unsafe_code, reason = "two functions of libpam that the binding does not have")]

use crate::locale;
use crate::verdict::{AuthFailure, Unfit};
use pam::constants::{PAM_ERROR_MSG, PAM_PROMPT_ECHO_OFF, PAM_SILENT, PAM_TEXT_INFO, PamFlag, PamMessageStyle};
use pam::conv::Conv;
use pam::items::{AuthTok, ItemType, RHost, Service, User};
use pam::module::PamHandle;
use postern_wire::Secret;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use zeroize::Zeroizing;

/// The host could not show a prompt, or returned NULL or an error.
#[derive(Debug)]
pub(crate) struct ConversationFailed;

/// The functions of a host that the dialogue needs.
pub(crate) trait Host {
    /// PAM_USER, which is never changed; libpam prompts for it if it is not known.
    fn user(&mut self) -> Result<String, AuthFailure>;
    /// PAM_SERVICE.
    fn service(&self) -> Option<String>;
    /// PAM_RHOST.
    fn rhost(&self) -> Option<String>;
    /// PAM_AUTHTOK: the password from an earlier module.
    fn password(&self) -> Result<Option<Secret>, Unfit>;
    /// Stores a password for the modules after this one.
    fn set_password(&mut self, password: &Secret) -> Result<(), ConversationFailed>;
    /// Prompts without echo: Dovecot answers each echoing prompt with the user name, and sshd aborts at one.
    fn ask(&mut self, prompt: &str) -> Result<Secret, AuthFailure>;
    /// Shows a text, if texts are wanted and possible.
    fn info(&mut self, text: &str);
    /// Shows why the sign-in fails.
    fn error(&mut self, text: &str);
    /// Whether texts are wanted at all.
    fn shows_text(&self) -> bool;
    /// Whether texts may have characters beyond ASCII.
    fn shows_unicode(&self) -> bool;
    /// Writes a step to the log.
    fn debug(&self, step: &str);
}

/// Data of a sign-in for the log, besides its result.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) user: String,
    pub(crate) service: String,
    pub(crate) rhost: String,
}

/// syslog(3) priorities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Priority {
    Err = 3,
    Notice = 5,
    Info = 6,
    Debug = 7,
}

unsafe extern "C" {
    fn pam_set_item(pamh: *mut PamHandle, item_type: c_int, item: *const c_void) -> c_int;
    fn pam_syslog(pamh: *const PamHandle, priority: c_int, fmt: *const c_char, ...);
}

/// The host of one transaction.
pub(crate) struct PamHost<'a> {
    pamh: &'a mut PamHandle,
    silent: bool,
}

impl<'a> PamHost<'a> {
    pub(crate) fn new(pamh: &'a mut PamHandle, flags: PamFlag) -> Self {
        Self { pamh, silent: flags & PAM_SILENT != 0 }
    }

    /// The data that is known so far, for the log.
    pub(crate) fn facts(&self) -> Facts {
        let user = self.pamh.get_item::<User<'_>>().ok().flatten().map(|user| lossy(user.0));
        let [user, service, rhost] = [user, self.service(), self.rhost()].map(Option::unwrap_or_default);
        Facts { user, service, rhost }
    }

    /// Writes a line through libpam, which adds the module's and the service's names. The line must be cleaned already.
    pub(crate) fn log(&self, priority: Priority, line: &str) {
        // audit.rs produces no line with a NUL.
        let Ok(line) = CString::new(line) else { return };
        // SAFETY: the handle is the one that libpam gave; "%s" takes the one C string that follows.
        unsafe { pam_syslog(&raw const *self.pamh, priority as c_int, c"%s".as_ptr(), line.as_ptr()) };
    }

    /// Sends one message per call: hosts handle several messages differently.
    fn converse(
        &mut self,
        style: PamMessageStyle,
        text: &str,
    ) -> Result<Option<pam::secret::SecretBytes>, ConversationFailed> {
        let conversation = self.pamh.get_item::<Conv<'_>>().ok().flatten().ok_or(ConversationFailed)?;
        conversation.send(style, text).map_err(|_| ConversationFailed)
    }

    fn show(&mut self, style: PamMessageStyle, text: &str) {
        if !self.silent {
            // If the host cannot show it, the sign-in is neither refused nor accepted because of that.
            let _ = self.converse(style, text);
        }
    }
}

impl Host for PamHost<'_> {
    fn user(&mut self) -> Result<String, AuthFailure> {
        // The binding also returns an error for a name that is not UTF-8; in that case the item exists.
        self.pamh.get_user(None).map_err(|_| match self.pamh.get_item::<User<'_>>() {
            Ok(Some(_)) => Unfit::NotText.into(),
            _ => AuthFailure::ConversationFailed,
        })
    }

    fn service(&self) -> Option<String> {
        self.pamh.get_item::<Service<'_>>().ok().flatten().map(|service| lossy(service.0))
    }

    fn rhost(&self) -> Option<String> {
        self.pamh.get_item::<RHost<'_>>().ok().flatten().map(|rhost| lossy(rhost.0))
    }

    fn password(&self) -> Result<Option<Secret>, Unfit> {
        let Ok(Some(password)) = self.pamh.get_item::<AuthTok<'_>>() else { return Ok(None) };
        text(password.as_bytes()).map(Some)
    }

    fn set_password(&mut self, password: &Secret) -> Result<(), ConversationFailed> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(password.reveal().len() + 1));
        bytes.extend_from_slice(password.reveal().as_bytes());
        bytes.push(0);
        let password = CStr::from_bytes_with_nul(&bytes).map_err(|_| ConversationFailed)?;
        // SAFETY: the handle is the one that libpam gave; PAM_AUTHTOK is a C string, which libpam copies.
        let code = unsafe { pam_set_item(self.pamh, ItemType::AuthTok as c_int, password.as_ptr().cast()) };
        if code == 0 { Ok(()) } else { Err(ConversationFailed) }
    }

    fn ask(&mut self, prompt: &str) -> Result<Secret, AuthFailure> {
        let reply = self.converse(PAM_PROMPT_ECHO_OFF, prompt)?.ok_or(ConversationFailed)?;
        Ok(text(reply.as_bytes())?)
    }

    fn info(&mut self, text: &str) {
        self.show(PAM_TEXT_INFO, text);
    }

    fn error(&mut self, text: &str) {
        self.show(PAM_ERROR_MSG, text);
    }

    fn shows_text(&self) -> bool {
        !self.silent
    }

    fn shows_unicode(&self) -> bool {
        locale::is_utf8(|variable| std::env::var_os(variable))
    }

    fn debug(&self, step: &str) {
        self.log(Priority::Debug, step);
    }
}

fn lossy(text: &CStr) -> String {
    text.to_string_lossy().into_owned()
}

fn text(bytes: &[u8]) -> Result<Secret, Unfit> {
    std::str::from_utf8(bytes).map(Secret::from).map_err(|_| Unfit::NotText)
}
