//! Which crate of ours may depend on which, but for its tests. What is absent matters as much: no front can hold a rule,
//! because none can see the rules; none can read a secret, because none can open the store.

/// Every crate of ours and what it depends on: neither less nor more. `deny.toml` has who may use the rules and sled.
pub(crate) const ARROWS: &[(&str, &[&str])] = &[
    ("pam_postern", &["postern-pam-options", "postern-wire"]),
    ("postern-admin", &["postern-check", "postern-wire"]),
    ("postern-check", &["postern-pam-options", "postern-proxy-config", "postern-wire"]),
    (
        "postern-daemon",
        &[
            "postern-delivery",
            "postern-engine",
            "postern-process",
            "postern-rules",
            "postern-vault",
            "postern-webauthn",
            "postern-wire",
        ],
    ),
    ("postern-delivery", &["postern-rules", "postern-wire"]),
    ("postern-engine", &["postern-process"]),
    ("postern-acme", &["postern-front", "postern-http", "postern-process", "postern-proxy-config"]),
    ("postern-front", &["postern-process", "postern-proxy-config", "postern-wire"]),
    (
        "postern-fuzz",
        &[
            "postern-admin",
            "postern-daemon",
            "postern-front",
            "postern-http",
            "postern-mail",
            "postern-products",
            "postern-rules",
            "postern-vault",
            "postern-webauthn",
            "postern-webmail",
            "postern-wire",
        ],
    ),
    ("postern-http", &["postern-front", "postern-process", "postern-proxy-config"]),
    // Never on webmail, and webmail never on it.
    ("postern-mail", &["postern-front", "postern-process", "postern-proxy-config", "postern-wire"]),
    ("postern-pages", &[]),
    ("postern-portal", &["postern-pages", "postern-wire"]),
    ("postern-pam-options", &["postern-wire"]),
    ("postern-process", &[]),
    (
        "postern-proxy",
        &[
            "postern-acme",
            "postern-front",
            "postern-http",
            "postern-mail",
            "postern-process",
            "postern-products",
            "postern-proxy-config",
            "postern-webmail",
        ],
    ),
    ("postern-products", &["postern-proxy-config", "postern-wire"]),
    ("postern-proxy-config", &["postern-wire"]),
    ("postern-rules", &[]),
    ("postern-tests", &["postern-wire"]),
    ("postern-vault", &["postern-engine", "postern-rules"]),
    ("postern-webauthn", &[]),
    (
        "postern-webmail",
        &[
            "postern-front",
            "postern-http",
            "postern-portal",
            "postern-process",
            "postern-products",
            "postern-proxy-config",
            "postern-wire",
        ],
    ),
    ("postern-wire", &[]),
    ("xtask", &["postern-admin", "postern-daemon", "postern-proxy", "postern-tests"]),
];

/// What a crate may not bring in, neither by itself nor by what it depends on.
pub(crate) const NEVER: &[(&str, &[&str])] = &[
    ("postern-rules", &["tokio", "sled", "nix", "rustls", "hyper", "getrandom", "tracing"]),
    ("postern-wire", &["tokio", "sled", "totp-rs"]),
    ("postern-process", &["sled", "totp-rs", "rustls"]),
    ("postern-engine", &["rustls", "totp-rs", "chacha20poly1305"]),
    ("postern-vault", &["rustls", "lettre"]),
    ("postern-webauthn", &["tokio", "rustls", "hyper", "tracing"]),
    // Who only reads the file must not bring what serves it.
    ("postern-proxy-config", &["tokio", "hyper", "rustls", "tracing", "sled", "totp-rs"]),
    ("postern-admin", &["tokio", "sled", "totp-rs"]),
    ("postern-check", &["tokio", "sled", "totp-rs"]),
    ("pam_postern", &["tokio", "sled", "totp-rs", "tracing", "rustls"]),
    ("postern-products", &["tokio", "hyper", "rustls", "sled", "totp-rs"]),
    ("postern-proxy", &["sled", "totp-rs", "chacha20poly1305"]),
    ("postern-delivery", &["sled", "maud", "hyper-rustls"]),
    // It speaks HTTP and TLS to gateways and mail servers, and shows no pages.
    ("postern-daemon", &["maud", "imap-proto", "pam-bindings", "hyper-rustls"]),
];
