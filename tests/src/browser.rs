//! A user's browser: headless Chromium, driven through ChromeDriver.

use std::fs;
use std::path::{Path, PathBuf};

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::backend::private_directory;
use crate::binaries::workspace;
use crate::certificates::Certificates;
use crate::service::{Ready, Service};
use crate::{During, Result, ports, tools};

/// How pages are displayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Width of the page in CSS pixels.
    pub width: u16,
    /// Height of the page in CSS pixels.
    pub height: u16,
    /// Whether the system is in dark mode.
    pub dark: bool,
    /// The browser's `Accept-Language`.
    pub language: &'static str,
}

impl Look {
    /// A desktop, light, English.
    pub const DESKTOP: Look = Look { width: 1280, height: 800, dark: false, language: "en" };
    /// A phone, light, English.
    pub const PHONE: Look = Look { width: 390, height: 844, dark: false, language: "en" };

    /// The same in dark mode.
    #[must_use]
    pub const fn dark(self) -> Look {
        Look { dark: true, ..self }
    }

    /// The same in another language.
    #[must_use]
    pub const fn in_language(self, language: &'static str) -> Look {
        Look { language, ..self }
    }
}

/// A browser with a fresh profile. `client` controls it: see fantoccini.
#[derive(Debug)]
pub struct Browser {
    /// Navigation, clicks, typing.
    pub client: Client,
    driver: Service,
    port: u16,
    directory: TempDir,
}

impl Browser {
    /// Opens a browser that trusts the servers' key in `certificates` and resolves the `example.com` hosts to loopback.
    pub async fn open(look: Look, certificates: &Certificates) -> Result<Browser> {
        Self::open_with(capabilities(look, certificates, "")).await
    }

    /// The same; its connections to port `from` of `localhost` go to port `to`.
    pub async fn open_over(look: Look, certificates: &Certificates, from: u16, to: u16) -> Result<Browser> {
        let line = format!(", MAP localhost:{from} 127.0.0.1:{to}");
        Self::open_with(capabilities(look, certificates, &line)).await
    }

    async fn open_with(capabilities: Capabilities) -> Result<Browser> {
        let directory = private_directory()?;
        let port = ports::free()?;
        // The profile and all caches of the browser are in the directory that is removed with it.
        let home = ["HOME", "TMPDIR"].map(|name| (name.into(), directory.path().into()));
        let mut driver = Service::new("chromedriver", "chromedriver", Ready::Port(port), directory.path())
            .arg(format!("--port={port}"))
            .env(home);
        driver.start()?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .during("opening Chromium")?;
        Ok(Browser { client, driver, port, directory })
    }

    /// Saves what the browser shows as `target/screenshots/NAME.png`, and returns the path.
    pub async fn screenshot(&self, name: &str) -> Result<PathBuf> {
        let directory = workspace().join("target/screenshots");
        fs::create_dir_all(&directory).during(directory.display())?;
        let path = directory.join(name).with_extension("png");
        let picture = self.client.screenshot().await.during("taking a screenshot")?;
        fs::write(&path, picture).during(path.display())?;
        Ok(path)
    }

    /// Sends Chromium a command of the DevTools protocol, for what a user cannot do; returns the result.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        let session = self.client.session_id().await.during("asking for the session")?.unwrap_or_default();
        let url = format!("http://127.0.0.1:{}/session/{session}/goog/cdp/execute", self.port);
        let body = json!({ "cmd": command, "params": parameters }).to_string();
        let fixed = ["--fail-with-body", "--header", "Content-Type: application/json", "--data-binary"];
        let said = tools::curl(fixed.into_iter().chain([body.as_str(), url.as_str()]))?.success()?;
        let mut said: Value = serde_json::from_str(&said).during(command)?;
        Ok(said["value"].take())
    }

    /// The directory with its profile and caches; all processes of the browser have it in their command line.
    pub fn profile(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Browser {
    /// If ended by a signal, ChromeDriver would leave Chromium running; if asked to shut down, it ends it too.
    fn drop(&mut self) {
        let _ = tools::curl([format!("http://127.0.0.1:{}/shutdown", self.port)]);
        let _ = self.driver.stop();
    }
}

/// `more`: further host resolver rules.
fn capabilities(look: Look, certificates: &Certificates, more: &str) -> Capabilities {
    let Look { width, height, dark, language } = look;
    let scheme = if dark { 0 } else { 1 };
    let options = json!({
        "args": [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            format!("--window-size={width},{height}"),
            format!("--lang={language}"),
            format!("--blink-settings=preferredColorScheme={scheme}"),
            format!("--ignore-certificate-errors-spki-list={}", certificates.public_key_hash),
            format!("--host-resolver-rules=MAP *.example.com 127.0.0.1{more}"),
        ],
        "prefs": { "intl.accept_languages": language },
        // The window's frame is not part of the page: without this setting a page is smaller than requested.
        "mobileEmulation": { "deviceMetrics": { "width": width, "height": height, "pixelRatio": 1, "mobile": false } },
    });
    Capabilities::from_iter([("browserName".to_owned(), json!("chrome")), ("goog:chromeOptions".to_owned(), options)])
}
