//! A sign-in that goes by several names: the one that was typed, and those by which the webmail knows the mailbox. The
//! strictest answer counts, and all must be about one mailbox.

/// How much one answer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Demand {
    /// Nothing: no second factor is required.
    Nothing,
    /// Something that the user can bring: a code, or the set-up of the first method.
    Factor,
    /// What nobody can bring now: the channel is locked, or no method can be used.
    Blocked,
    /// More than there is: the sign-in ends.
    Refusal,
}

/// Which answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Counts {
    /// The one at this place.
    Answer(usize),
    /// None: the names lead to different mailboxes, or there is no answer.
    Conflict,
}

/// Which of the answers counts, each with the mailbox that it is about: the first of the strictest. Up to the one that
/// ends the sign-in, if one does, all must be about one mailbox.
pub fn strictest<'a>(answers: impl IntoIterator<Item = (Demand, &'a str)>) -> Counts {
    let mut strictest: Option<(usize, Demand, &str)> = None;
    for (at, (demand, mailbox)) in answers.into_iter().enumerate() {
        match strictest {
            _ if demand == Demand::Refusal => return Counts::Answer(at),
            Some((.., of)) if of != mailbox => return Counts::Conflict,
            Some((_, so_far, _)) if so_far >= demand => {}
            _ => strictest = Some((at, demand, mailbox)),
        }
    }
    strictest.map_or(Counts::Conflict, |(at, ..)| Counts::Answer(at))
}
