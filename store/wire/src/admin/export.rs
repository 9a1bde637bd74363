//! Exports and imports of all data.

use serde::{Deserialize, Serialize};

/// A piece of an export (`Export`, called with `more`), or of an import (`Import`, called once for each piece).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportPiece {
    /// Whole lines of the export's text.
    pub lines: String,
    /// Import only: this was the last piece. Check all of it and import it atomically.
    #[serde(default)]
    pub last: bool,
}

/// The reply to `Import`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The number of imported records; 0 until the last piece.
    pub records: u64,
}
