//! The result of a whole stack in libpam (`_pam_dispatch_aux` of Linux-PAM 1.5).

use crate::pam_control::{Action, MUST_FAIL};
use crate::pam_file::{Kind, Module};

/// The index after the module `at` if `action` is taken; `None` if a jump leaves its stack, which fails it. The end is
/// the length of the stack.
pub(crate) fn next(stack: &[Module], at: usize, action: Action) -> Option<usize> {
    let level = stack[at].level;
    let is_inside = |at: usize, least: usize| stack.get(at).is_some_and(|module| module.level >= least);
    let mut next = at + 1;
    match action {
        Action::Done | Action::Die => {
            while is_inside(next, level) {
                next += 1;
            }
        }
        Action::Jump(count) => {
            for _ in 0..count {
                if !is_inside(next, level) {
                    return None;
                }
                // A substack counts as one module.
                next += 1;
                while is_inside(next, level + 1) {
                    next += 1;
                }
            }
        }
        Action::Ignore | Action::Ok | Action::Bad | Action::Reset => {}
    }
    Some(next)
}

/// The result so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Impression {
    /// No value has counted.
    None,
    /// The values that counted were successes.
    Success,
    /// A failure has counted, and only a reset changes that.
    Failure,
}

/// Whether a sign-in passes the stack from the module `from` on, if the earlier modules have succeeded as far as any of
/// them counts. `returns` gives the return value of each module.
pub(crate) fn passes(stack: &[Module], from: usize, returns: impl Fn(usize, &Module) -> &'static str) -> bool {
    let begin = if from > 0 { Impression::Success } else { Impression::None };
    let (mut at, mut impression) = (from, begin);
    // The state at the start of each substack.
    let mut before = vec![begin; stack.iter().map(|module| module.level).max().unwrap_or_default() + 2];
    while let Some(module) = stack.get(at) {
        let value = match module.kind {
            Kind::Module => returns(at, module),
            Kind::Broken(_) => MUST_FAIL,
            Kind::Substack => {
                before[module.level + 1] = impression;
                at += 1;
                continue;
            }
        };
        let mut action = module.control.on(value);
        match action {
            Action::Ok | Action::Done if impression != Impression::Failure => {
                impression = if value == "success" { Impression::Success } else { Impression::Failure };
            }
            // Only a success ends the stack early.
            Action::Done => action = Action::Ok,
            Action::Bad | Action::Die => impression = Impression::Failure,
            Action::Reset => impression = before[module.level],
            Action::Ok | Action::Ignore | Action::Jump(_) => {}
        }
        at = next(stack, at, action).unwrap_or_else(|| {
            impression = Impression::Failure;
            at + 1
        });
    }
    impression == Impression::Success
}
