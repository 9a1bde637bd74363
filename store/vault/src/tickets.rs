//! State that a front stores for the daemon between two calls: sealed, for one purpose. So the daemon stores no data of
//! unauthenticated clients, and a front can neither read nor forge it.

use crate::error::RecordError;
use crate::records::Records;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

/// The most characters of a ticket.
const TICKET_MAX: usize = 4096;

/// Seals a ticket.
///
/// # Errors
/// [`RecordError`].
pub fn seal(records: &Records, purpose: &str, ticket: &impl Serialize) -> Result<String, RecordError> {
    let mut plain = Zeroizing::new(Vec::with_capacity(TICKET_MAX));
    serde_json::to_writer(&mut *plain, ticket).map_err(|_| RecordError::Content(format!("a ticket for {purpose}")))?;
    let sealed = records.sealer().seal_ticket(purpose, &plain)?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// Opens a ticket that was sealed for this purpose; `None` for anything else.
pub fn open<T: DeserializeOwned>(records: &Records, purpose: &str, shown: &str) -> Option<T> {
    let sealed = Some(shown).filter(|text| text.len() <= TICKET_MAX)?;
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let plain = records.sealer().open_ticket(purpose, &sealed).ok()?;
    serde_json::from_slice(&plain).ok()
}
