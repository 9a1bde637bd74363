//! `proxy.toml`, with the types of this process for its log and its metrics.

use postern_process::log::Levels;
use postern_process::scrape::Place;
use postern_products::PRODUCTS;
use postern_proxy_config::ConfigError;
use std::path::Path;

/// The contents of `proxy.toml`.
pub type Config = postern_proxy_config::Config<Levels, Place>;

/// Reads the file at `path`; `product` may name the webmails in the front's registry.
///
/// # Errors
/// If it cannot be read, and all problems in it.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    Config::load(path, &postern_products::known(PRODUCTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("proxy.toml");
        std::fs::write(&path, text).unwrap();
        load(&path).unwrap_err().to_string()
    }

    #[test]
    fn metrics_are_for_this_host_and_levels_are_levels() {
        let told = problems("[metrics]\nlisten = \"0.0.0.0:9766\"\n[log]\nlevel = \"loud\"\n");
        assert!(told.contains("[metrics] metrics on 0.0.0.0:9766 would tell other hosts"), "{told}");
        assert!(told.contains("[log] `loud` is no log level"), "{told}");
    }

    #[test]
    fn the_webmails_of_the_registry_may_be_named_and_no_other() {
        let told = problems("[webmail]\nproduct = \"squirrel\"\n");
        let said = "proxy.toml:2: [webmail] unknown variant `squirrel`, expected one of `roundcube`, `owa`, `snappymail`, `sogo`";
        assert!(told.contains(said), "{told}");
        let endpoint = |product: &str, endpoint: &str| {
            let said = format!("`product = \"{product}\"` has no `{endpoint}`");
            let webmail = "listen = \"[::]:443\"\npublic_url = \"https://a/\"\nupstream = \"http://127.0.0.1/\"";
            let text =
                format!("[webmail]\n{webmail}\nproduct = \"{product}\"\n[webmail.doors]\n{endpoint} = [\"::/0\"]\n");
            problems(&text).contains(&said)
        };
        for (product, others) in [
            ("roundcube", &["ews", "activesync", "dav"][..]),
            ("snappymail", &["ews", "activesync", "dav"]),
            ("sogo", &["ews", "mapi"]),
            ("owa", &["dav"]),
        ] {
            for other in others {
                assert!(endpoint(product, other), "{product} {other}");
            }
        }
        assert!(!endpoint("sogo", "dav") && !endpoint("sogo", "activesync") && !endpoint("owa", "api"));
    }
}
