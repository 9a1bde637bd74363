//! `proxy.toml`, with the types of this process for its log and its metrics.

use postern_process::log::Levels;
use postern_process::scrape::Place;

/// The whole of `proxy.toml`.
pub type Config = postern_proxy_config::Config<Levels, Place>;

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("proxy.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&path).unwrap_err().to_string()
    }

    #[test]
    fn metrics_are_for_this_host_and_levels_are_levels() {
        let told = problems("[metrics]\nlisten = \"0.0.0.0:9766\"\n[log]\nlevel = \"loud\"\n");
        assert!(told.contains("[metrics] metrics on 0.0.0.0:9766 would tell other hosts"), "{told}");
        assert!(told.contains("[log] `loud` is no log level"), "{told}");
    }
}
