//! A store and the master key that it belongs to.

use posternd::engine::MemoryEngine;
use posternd::master_key::MasterKeys;
use posternd::seal::Sealer;
use posternd::seal::header::{self, HEADER_KEY, HeaderError};

use crate::put;

fn sealer() -> Sealer {
    Sealer::new(MasterKeys::generate().unwrap())
}

#[tokio::test]
async fn a_store_is_sealed_once_and_opened_by_its_own_key_only() {
    let engine = MemoryEngine::new();
    let own = sealer();
    assert!(matches!(header::check(&engine, &own), Err(HeaderError::Missing)));
    header::write(&engine, &own).await.unwrap();
    header::check(&engine, &own).unwrap();
    assert!(matches!(header::write(&engine, &own).await, Err(HeaderError::Present)));

    let refusal = header::check(&engine, &sealer()).unwrap_err().to_string();
    assert!(refusal.contains("sealed under another master key"), "{refusal}");
}

#[test]
fn a_key_of_another_id_is_named() {
    let engine = MemoryEngine::new();
    let text = "postern-master-key v1\n7 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let sealed =
        Sealer::new(MasterKeys::parse(text.as_bytes()).unwrap()).seal(HEADER_KEY, b"postern store v1").unwrap();
    put(&engine, "meta/header", sealed).unwrap();
    let refusal = header::check(&engine, &sealer()).unwrap_err().to_string();
    assert!(refusal.contains("another master key (id 7)"), "{refusal}");
}

#[test]
fn a_header_that_is_another_record_is_refused() {
    let engine = MemoryEngine::new();
    let own = sealer();
    put(&engine, "meta/header", own.seal(b"account/bob@example.com", b"postern store v1").unwrap()).unwrap();
    assert!(header::check(&engine, &own).is_err());
    put(&engine, "meta/header", own.seal(HEADER_KEY, b"postern store v2").unwrap()).unwrap();
    assert!(matches!(header::check(&engine, &own), Err(HeaderError::Unknown)));
}
