//! A store and the master key that it belongs to.

use postern_engine::{Change, Engine, EngineError, Entry, MemoryEngine, Pending, Revision, Swap, Visitor, Watch};
use postern_vault::header::{self, HEADER_KEY, HeaderError};
use postern_vault::master_key::MasterKeys;
use postern_vault::seal::Sealer;

/// Writes `value` to `key`, where nothing else writes.
async fn put(engine: &dyn Engine, key: &[u8], value: Vec<u8>) {
    let expected = engine.load(key).await.unwrap().map(|(_, revision)| revision);
    let change = Change::write(key, expected, value);
    assert!(matches!(engine.commit(vec![change]).await, Ok(Swap::Done(_))));
}

fn sealer() -> Sealer {
    Sealer::new(MasterKeys::generate().unwrap())
}

#[tokio::test]
async fn a_store_is_sealed_once_and_opened_by_its_own_key_only() {
    let engine = MemoryEngine::new();
    let own = sealer();
    assert!(matches!(header::check(&engine, &own).await, Err(HeaderError::Missing)));
    header::write(&engine, &own).await.unwrap();
    header::check(&engine, &own).await.unwrap();
    assert!(matches!(header::write(&engine, &own).await, Err(HeaderError::Present)));

    let refusal = header::check(&engine, &sealer()).await.unwrap_err().to_string();
    assert!(refusal.contains("sealed under another master key"), "{refusal}");
}

/// A store whose answer to a commit is lost: it was made, or it was not.
struct Lost {
    engine: MemoryEngine,
    is_made: bool,
}

impl Engine for Lost {
    fn load(&self, key: &[u8]) -> Pending<Option<(Vec<u8>, Revision)>> {
        self.engine.load(key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Pending<Vec<Entry>> {
        self.engine.scan(prefix, after, limit)
    }

    fn commit(&self, changes: Vec<Change>) -> Pending<Swap> {
        let made = self.is_made.then(|| self.engine.commit(changes));
        Box::pin(async move {
            if let Some(made) = made {
                let _ = made.await?;
            }
            Err(EngineError::Closed)
        })
    }

    fn snapshot(&self, visit: Visitor) -> Pending<u64> {
        self.engine.snapshot(visit)
    }

    fn watch(&self) -> Pending<Watch> {
        self.engine.watch()
    }

    fn health(&self) -> Result<(), EngineError> {
        Ok(())
    }
}

#[tokio::test]
async fn where_the_answer_is_lost_it_is_looked_whether_the_store_is_sealed() {
    for is_made in [true, false] {
        let (store, own) = (Lost { engine: MemoryEngine::new(), is_made }, sealer());
        assert_eq!(header::write(&store, &own).await.is_ok(), is_made);
        assert_eq!(header::check(&store, &own).await.is_ok(), is_made);
    }
}

#[tokio::test]
async fn a_key_of_another_id_is_named() {
    let engine = MemoryEngine::new();
    let text = "postern-master-key v1\n7 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let sealed =
        Sealer::new(MasterKeys::parse(text.as_bytes()).unwrap()).seal(HEADER_KEY, b"postern store v1").unwrap();
    put(&engine, HEADER_KEY, sealed).await;
    let refusal = header::check(&engine, &sealer()).await.unwrap_err().to_string();
    assert!(refusal.contains("another master key (id 7)"), "{refusal}");
}

#[tokio::test]
async fn a_header_that_is_another_record_is_refused() {
    let engine = MemoryEngine::new();
    let own = sealer();
    put(&engine, HEADER_KEY, own.seal(b"account/bob@example.com", b"postern store v1").unwrap()).await;
    assert!(header::check(&engine, &own).await.is_err());
    put(&engine, HEADER_KEY, own.seal(HEADER_KEY, b"postern store v2").unwrap()).await;
    assert!(matches!(header::check(&engine, &own).await, Err(HeaderError::Unknown)));
}
