//! Sealed records and the master key's file: any bytes give a value or an error, and what can be opened was sealed
//! here.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_vault::master_key::MasterKeys;
use postern_vault::seal::{self, Sealer};
use std::sync::LazyLock;

static SEALER: LazyLock<Sealer> = LazyLock::new(|| Sealer::new(MasterKeys::generate().expect("random bytes")));

fuzz_target!(|input: (&[u8], &[u8], u16, u8)| {
    let (name, bytes, at, flip) = input;
    let _ = seal::parse(bytes);
    let _ = MasterKeys::parse(bytes);
    assert!(SEALER.open(name, bytes).is_err());
    let Ok(mut sealed) = SEALER.seal(name, bytes) else { return };
    assert_eq!(&SEALER.open(name, &sealed).expect("what was sealed opens")[..], bytes);
    let at = usize::from(at) % sealed.len();
    sealed[at] ^= flip;
    assert_eq!(SEALER.open(name, &sealed).is_ok(), flip == 0);
});
