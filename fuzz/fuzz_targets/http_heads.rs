//! HTTP heads: the guard's result does not depend on the pieces in which bytes arrive, and the classification of a
//! request does not depend on the spelling of its path.
#![no_main]

use http::{HeaderMap, Method};
use libfuzzer_sys::fuzz_target;
use postern_http::head_guard::HeadGuard;
use postern_products::PRODUCTS;
use postern_products::{form, path};
use postern_webmail::classify;

fn scanned(bytes: &[u8], size: usize) -> Result<(), String> {
    let mut guard = HeadGuard::default();
    for piece in bytes.chunks(size) {
        guard.scan(piece).map_err(|violation| format!("{:?}", violation.refusal))?;
    }
    Ok(())
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = (usize::from(input.0) + 1, input.1);
    assert_eq!(scanned(bytes, size), scanned(bytes, 1));
    if let Ok(parsed) = path::parse(bytes) {
        let again = path::parse(parsed.as_str().as_bytes());
        assert!(again.is_err() || again.is_ok_and(|again| again.as_str() == parsed.as_str()));
        assert!(!parsed.as_str().split('/').any(|segment| segment == ".." || segment == "."));
    }
    let _ = form::parse(bytes);
    let query = std::str::from_utf8(bytes).unwrap_or_default();
    let product = postern_products::named(PRODUCTS, "roundcube").expect("it is in the registry");
    let _ = classify(product, &Method::GET, bytes, query, &HeaderMap::new());
});
