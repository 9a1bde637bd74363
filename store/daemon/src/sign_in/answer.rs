//! Checks a code or a security key's response.

use crate::actor::Actor;
use crate::clock;
use crate::daemon::Daemon;
use crate::sign_in::challenge::Challenge;
use crate::sign_in::context::{account, actor, channel, journal, source, unavailable};
use crate::sign_in::proof;
use crate::sign_in::refusals::refused;
use crate::verb::{Said, Verb};
use postern_rules::decide::answer::{self as rules, AnswerRefusal, Code, KeyResponse, SignIn};
use postern_rules::decide::code::{Accepted, CodeRefusal};
use postern_rules::standing::Standing;
use postern_rules::{Account, Settled, Stage};
use postern_wire::auth::{self, Answer, AnswerVerdict, Reason};

/// Checks a code or a security key's response.
pub async fn answer(daemon: &Daemon, answer: &Answer) -> AnswerVerdict {
    let verdict = answered(daemon, answer).await.unwrap_or_else(AnswerVerdict::Refused);
    if let AnswerVerdict::Refused(refusal) = &verdict {
        journal("answer", &answer.name, answer.channel, &answer.origin, refusal);
    }
    verdict
}

async fn answered(daemon: &Daemon, answer: &Answer) -> Result<AnswerVerdict, auth::Refusal> {
    let (account, platform) = account(daemon, answer.channel, &answer.name).await.map_err(auth::Refusal::new)?;
    let challenge = answer.challenge.as_ref().map(|shown| Challenge::read(daemon, shown, &account, clock::now()));
    let challenge = challenge.transpose()?;
    let proves = answer.proves.as_ref().map(proof::change).transpose()?;
    let (response, source, trust) = (answer.code.reveal(), source(&answer.origin), answer.trust);
    let of_key = challenge.as_ref().filter(|challenge| challenge.is_for_key());
    let key = of_key.and_then(|challenge| challenge.answered(&account, &platform, response));
    let sign_in = SignIn { channel: channel(answer.channel), source, trust };
    let decide = |it: &Settled<'_>| {
        Ok(match of_key {
            Some(Challenge { session, until, .. }) => {
                let key = key.as_ref().map(|(id, counter)| (id.as_slice(), *counter));
                rules::answer_key(it, sign_in, &KeyResponse { key, session: *session, until: *until })
            }
            None => {
                let method = challenge.as_ref().map(|it| it.method.as_str()).or(answer.method.as_deref());
                let session = challenge.as_ref().map(|challenge| challenge.session);
                rules::answer(it, sign_in, &Code { method, code: response, window: daemon.config.totp.window, session })
            }
        })
    };
    let language = challenge.as_ref().and_then(|challenge| challenge.language.clone());
    let actor = Actor { language, ..actor(answer.channel, &answer.origin) };
    let verb = Verb::new("answer").at(sign_in.channel).saying(said);
    let applied = daemon.apply(&account.mailbox, None, &actor, &verb, decide).await;
    let applied = applied.map_err(|error| auth::Refusal::new(unavailable(&error)))?;
    let applied = applied.ok_or(auth::Refusal::new(Reason::Stale))?;
    let Accepted { method, backup_codes_left } = applied.verdict.map_err(|refusal| {
        if let AnswerRefusal::Copied { method } = &refusal {
            let mailbox = applied.account.mailbox.as_str();
            tracing::warn!(mailbox, method, "a security key is refused until it is removed: there is a copy of it");
        }
        refused(refusal)
    })?;
    Ok(AnswerVerdict::Accepted {
        standing: Standing::of(&applied.account, sign_in.channel).to_string(),
        mailbox: applied.account.mailbox.to_string(),
        method,
        backup_codes_left,
        // The sign-in is valid, with or without a proof of it; a sign-in without a second factor has none.
        proof: Some(&applied.account)
            .filter(|account| account.stage == Stage::Protected)
            .and_then(|account| proof::make(daemon, account, proves, applied.now).ok()),
    })
}

fn said(verdict: &rules::AnswerVerdict, account: &Account) -> Said {
    match verdict {
        Ok(accepted) => Said::accepted(accepted, account),
        Err(AnswerRefusal::Code(CodeRefusal::Wrong { failures })) => Said::wrong_code(*failures),
        Err(AnswerRefusal::Copied { method }) => {
            Said { outcome: Some("copied key"), detail: Some(format!("method {method}")), ..Said::default() }
        }
        // Nothing is written.
        Err(
            AnswerRefusal::NotChallenged(_)
            | AnswerRefusal::NoContact
            | AnswerRefusal::NotACode
            | AnswerRefusal::Code(CodeRefusal::Spent { .. }),
        ) => Said::default(),
    }
}
