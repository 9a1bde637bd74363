//! A pending challenge: the methods with which it may be answered, and its progress.

use jiff::Timestamp;
use postern_portal::{Problem, Trust};
use postern_wire::Secret;
use postern_wire::auth::{self, Offer};
use std::collections::HashMap;

/// A pending challenge for a code.
pub struct Challenge {
    /// The available methods; at least one.
    pub methods: Vec<Offer>,
    chosen: usize,
    /// Keyed by the method's id.
    prepared: HashMap<String, Prepared>,
    /// The offer to trust this browser.
    trust: Option<Trust>,
}

/// The preparation of a method: a code was sent, or a challenge was created for a security key.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    /// To be submitted with the answer; none: there is nothing to answer yet.
    pub challenge: Option<Secret>,
    /// The time from which another code may be requested.
    pub again: Option<Timestamp>,
    /// The challenge that the security key is to sign.
    pub options: Option<String>,
    /// Why the last attempt to prepare it (again) failed.
    pub problem: Option<Problem>,
}

impl Challenge {
    /// A challenge with no method prepared, which asks for the method used last.
    pub fn new(methods: Vec<Offer>) -> Self {
        Self { methods, chosen: 0, prepared: HashMap::new(), trust: None }
    }

    /// The same, with the offer to trust this browser for this number of days.
    #[must_use]
    pub fn with_trust(self, days: Option<u32>) -> Self {
        Self { trust: days.map(|days| Trust { days, chosen: false }), ..self }
    }

    /// The offer to trust this browser.
    pub fn trust(&self) -> Option<Trust> {
        self.trust
    }

    /// Stores the user's choice whether to trust it; false also if that is not offered.
    pub fn choose_trust(&mut self, chosen: bool) -> bool {
        self.trust.as_mut().map(|trust| trust.chosen = chosen).is_some() && chosen
    }

    /// The method that the user has chosen, initially the one used last.
    pub fn chosen(&self) -> Option<&Offer> {
        self.methods.get(self.chosen)
    }

    /// Chooses the method `id`; false if it does not exist.
    pub fn choose(&mut self, id: &str) -> bool {
        let found = self.methods.iter().position(|method| method.id == id);
        self.chosen = found.unwrap_or(self.chosen);
        found.is_some()
    }

    /// Updates the methods, and for how many days the browser may be trusted if that was offered. The choice and the
    /// preparations are kept for methods that still exist.
    pub fn renew(&mut self, methods: Vec<Offer>, trust_days: Option<u32>) {
        let chosen = self.chosen().map(|method| method.id.clone());
        (self.methods, self.chosen) = (methods, 0);
        if let Some(chosen) = chosen {
            self.choose(&chosen);
        }
        self.prepared.retain(|id, _| self.methods.iter().any(|method| method.id == *id));
        self.trust = self.trust.zip(trust_days).map(|(trust, days)| Trust { days, ..trust });
    }

    /// The preparation of this method.
    pub fn prepared(&self, method: &str) -> Option<&Prepared> {
        self.prepared.get(method)
    }

    /// Stores the preparation of this method.
    pub fn set_prepared(&mut self, method: &str, prepared: Prepared) {
        self.prepared.insert(method.to_owned(), prepared);
    }

    /// Takes the preparation of this method, since it can be answered once.
    pub fn take_prepared(&mut self, method: &str) -> Option<Prepared> {
        self.prepared.remove(method)
    }

    /// The first method other than backup codes.
    pub fn first_device(&self) -> Option<&Offer> {
        self.methods.iter().find(|method| method.id != auth::BACKUP)
    }
}
