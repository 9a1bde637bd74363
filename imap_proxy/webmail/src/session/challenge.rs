//! A code that is asked for: with which methods it may be answered, and how far that is.

use jiff::Timestamp;
use postern_portal::{Problem, Trust};
use postern_wire::Secret;
use postern_wire::auth::{self, Offer};
use std::collections::HashMap;

/// A code that is asked for.
pub struct Challenge {
    /// What may be answered with; at least one.
    pub methods: Vec<Offer>,
    chosen: usize,
    /// By the method's id.
    prepared: HashMap<String, Prepared>,
    /// The offer to trust this browser.
    trust: Option<Trust>,
}

/// What a method was prepared with: a code was sent, or a security key has a question to sign.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    /// To be brought with the answer; none: there is nothing to answer yet.
    pub challenge: Option<Secret>,
    /// From when on another code may be asked for.
    pub again: Option<Timestamp>,
    /// What the security key is to sign.
    pub options: Option<String>,
    /// Why it could not be prepared (again) when that was last tried.
    pub problem: Option<Problem>,
}

impl Challenge {
    /// Nothing is prepared, and the method used last is asked for.
    pub fn new(methods: Vec<Offer>) -> Self {
        Self { methods, chosen: 0, prepared: HashMap::new(), trust: None }
    }

    /// The same, where the user may trust this browser for so many days.
    #[must_use]
    pub fn with_trust(self, days: Option<u32>) -> Self {
        Self { trust: days.map(|days| Trust { days, chosen: false }), ..self }
    }

    /// The offer to trust this browser.
    pub fn trust(&self) -> Option<Trust> {
        self.trust
    }

    /// The user says whether to trust it; false also where that is not offered.
    pub fn choose_trust(&mut self, chosen: bool) -> bool {
        self.trust.as_mut().map(|trust| trust.chosen = chosen).is_some() && chosen
    }

    /// The method that the user has chosen, at first the one used last.
    pub fn chosen(&self) -> Option<&Offer> {
        self.methods.get(self.chosen)
    }

    /// The user wants to use the method `id`; false when there is none.
    pub fn choose(&mut self, id: &str) -> bool {
        let found = self.methods.iter().position(|method| method.id == id);
        self.chosen = found.unwrap_or(self.chosen);
        found.is_some()
    }

    /// These are the methods now, and for so many days the browser may be trusted, where that was offered. What was
    /// chosen and prepared stays, as far as the method does.
    pub fn renew(&mut self, methods: Vec<Offer>, trust_days: Option<u32>) {
        let chosen = self.chosen().map(|method| method.id.clone());
        (self.methods, self.chosen) = (methods, 0);
        if let Some(chosen) = chosen {
            self.choose(&chosen);
        }
        self.prepared.retain(|id, _| self.methods.iter().any(|method| method.id == *id));
        self.trust = self.trust.zip(trust_days).map(|(trust, days)| Trust { days, ..trust });
    }

    /// What this method was prepared with.
    pub fn prepared(&self, method: &str) -> Option<&Prepared> {
        self.prepared.get(method)
    }

    /// This method was prepared.
    pub fn set_prepared(&mut self, method: &str, prepared: Prepared) {
        self.prepared.insert(method.to_owned(), prepared);
    }

    /// Takes what this method was prepared with: it can be answered once.
    pub fn take_prepared(&mut self, method: &str) -> Option<Prepared> {
        self.prepared.remove(method)
    }

    /// The first method that is not backup codes.
    pub fn first_device(&self) -> Option<&Offer> {
        self.methods.iter().find(|method| method.id != auth::BACKUP)
    }
}
