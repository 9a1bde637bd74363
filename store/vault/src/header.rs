//! The record that shows whether the master key belongs to the store.
//!
//! It is written when the store is created. Without it, a store with a wrong key would look like a store in which every
//! account is damaged.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::seal::{SealError, Sealer};
use postern_engine::{Change, Engine, EngineError, Swap};

/// Its key in the store.
pub const HEADER_KEY: &[u8] = b"meta/header";
/// How long the disk may take to write it.
const WITHIN: Duration = Duration::from_secs(60);
/// The sealed text.
const TEXT: &[u8] = b"postern store v1";

/// Writes the header of a new store, sealed with this key. If the result of the write is lost, the header is read to
/// find out.
///
/// # Errors
/// [`HeaderError::Present`] if the store has a header already; [`HeaderError::Engine`], [`HeaderError::Late`] if it is
/// not known whether the header was written.
pub async fn write(engine: &dyn Engine, sealer: &Sealer) -> Result<(), HeaderError> {
    let sealed = sealer.seal(HEADER_KEY, TEXT).map_err(HeaderError::Seal)?;
    let answer = tokio::time::timeout(WITHIN, engine.commit(vec![Change::create(HEADER_KEY, sealed)])).await;
    let error = match answer {
        Ok(Ok(Swap::Done(_))) => return Ok(()),
        Ok(Ok(Swap::Conflict { .. })) => return Err(HeaderError::Present),
        Ok(Err(error)) => HeaderError::Engine(error),
        Err(_) => HeaderError::Late,
    };
    check(engine, sealer).await.map_err(|_| error)
}

/// Checks that the store belongs to this key. To be called before any other read from it.
///
/// # Errors
/// See [`HeaderError`]; the daemon must not start.
pub async fn check(engine: &dyn Engine, sealer: &Sealer) -> Result<(), HeaderError> {
    let (sealed, _) = engine.load(HEADER_KEY).await.map_err(HeaderError::Engine)?.ok_or(HeaderError::Missing)?;
    match sealer.open(HEADER_KEY, &sealed) {
        Ok(text) if *text == TEXT => Ok(()),
        Ok(_) => Err(HeaderError::Unknown),
        Err(error) => Err(HeaderError::Seal(error)),
    }
}

/// Why the store cannot be used with the master key.
#[derive(Debug)]
pub enum HeaderError {
    /// The store has no header: it was never initialized, or has lost records.
    Missing,
    /// The store has a header already.
    Present,
    /// The header opens, but has a content that this version does not know.
    Unknown,
    /// The header does not open under the master key.
    Seal(SealError),
    /// The store returned an error.
    Engine(EngineError),
    /// The store did not answer in time.
    Late,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PUT_BACK: &str = "Put back the master key that belongs to this store";
        match self {
            Self::Missing => write!(
                f,
                "the store has no header: 'posternd init' did not finish, or records were lost. Make it anew with \
                 'posternd init --existing-key' and restore the last export"
            ),
            Self::Present => write!(f, "the store is sealed already and keeps its master key"),
            Self::Unknown => write!(f, "the store was made by another version of posternd. Use the later of the two"),
            Self::Seal(SealError::UnknownKey { key, .. }) => {
                write!(f, "the store was sealed under another master key (id {key}). {PUT_BACK}")
            }
            Self::Seal(SealError::Damaged { .. }) => write!(
                f,
                "the store was sealed under another master key of the same id, or its header is damaged. {PUT_BACK}"
            ),
            Self::Seal(error) => error.fmt(f),
            Self::Engine(error) => error.fmt(f),
            Self::Late => write!(f, "the store did not answer within {} seconds: is its disk busy?", WITHIN.as_secs()),
        }
    }
}

impl Error for HeaderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Seal(error) => Some(error),
            Self::Engine(error) => Some(error),
            _ => None,
        }
    }
}
