//! Names: any text gives one canonical name or a refusal, and a canonical name is its own canonical form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_rules::name::{LookupName, Named};
use postern_rules::{Platform, platform::Policy};
use std::sync::LazyLock;

static PLATFORMS: LazyLock<[Platform; 1]> = LazyLock::new(|| {
    let domains = vec!["example.com".to_owned(), "xn--bcher-kva.example".to_owned()];
    let netbios = vec!["EXAMPLE".to_owned()];
    [Platform { name: "example".to_owned(), domains, netbios, enabled: true, policy: Policy::default() }]
});

fuzz_target!(|typed: &str| {
    if let Ok(Named::Ours(mailbox, _) | Named::Foreign(mailbox)) = LookupName::new(typed).read(&*PLATFORMS, "example.com") {
        assert!(!mailbox.as_str().chars().any(|c| c.is_control() || c.is_whitespace() || c.is_uppercase()));
        match LookupName::new(mailbox.as_str()).read(&*PLATFORMS, "") {
            Ok(Named::Ours(again, _) | Named::Foreign(again)) => assert_eq!(again, mailbox),
            Err(error) => panic!("{mailbox} from {typed:?}: {error}"),
        }
    }
});
