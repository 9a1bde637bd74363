//! A real Roundcube: Debian's package, run by PHP-FPM behind nginx, with its own configuration and database.
//!
//! PHP's built-in server would need fewer parts, but its worker processes survive their master, it never keeps a
//! connection open, and it answers every unknown path with the login page: no webmail is operated like that.

use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::Uid;

use crate::dovecot::{own, server_user};
use crate::service::{Ready, Service};
use crate::{During, Error, Result, nginx, ports};

/// The system user that PHP runs as, if root starts it.
const WEB_USER: &str = "www-data";
/// The directory that the web server serves, where Debian's package puts it.
const PUBLIC: &str = "/var/lib/roundcube/public_html";
/// The schema of a new database.
const SCHEMA: &str = "/usr/share/roundcube/SQL/sqlite.initial.sql";
/// Files of the package that Roundcube expects beside its configuration.
const DEFAULTS: [&str; 2] = ["/etc/roundcube/defaults.inc.php", "/etc/roundcube/mimetypes.php"];
/// The number of requests that PHP handles concurrently.
const WORKERS: u8 = 6;
/// The length in bytes of the key that encrypts the mailbox's password in Roundcube's session (`des_key` must have 24
/// characters).
const KEY_BYTES: usize = 12;
/// The largest attachment, in megabytes; the largest body that a test sends is 100 MB.
const UPLOAD_MB: u16 = 128;

/// Roundcube, running.
#[derive(Debug)]
pub struct Roundcube {
    /// nginx: ending this process ends the webmail.
    pub web: Service,
    /// PHP, behind nginx.
    pub php: Service,
    /// The port for HTTP on 127.0.0.1.
    pub port: u16,
    directory: PathBuf,
}

impl Roundcube {
    /// Writes configuration and database into `directory` and starts; mail comes from 127.0.0.1:`imap`.
    pub fn start(directory: &Path, imap: u16) -> Result<Roundcube> {
        let port = ports::free()?;
        let php_socket = directory.join("php.sock");
        for name in ["config", "logs", "temp", "data", "nginx"] {
            let path = directory.join(name);
            fs::create_dir(&path).during(path.display())?;
            own(&path, &server_user(WEB_USER)?)?;
        }
        write(&directory.join("config/config.inc.php"), &configuration(directory, imap)?)?;
        for file in DEFAULTS {
            let name = Path::new(file).file_name().unwrap_or_default();
            symlink(file, directory.join("config").join(name)).during(file)?;
        }
        create_database(directory)?;
        let php_config = directory.join("php-fpm.conf");
        write(&php_config, &php_configuration(directory, &php_socket))?;

        let server = server_configuration(&php_socket);
        let mut php = Service::new("php-fpm", php_fpm()?, Ready::Socket(php_socket), directory)
            .arg("--nodaemonize")
            .arg("--fpm-config")
            .arg(php_config);
        php.start()?;
        let web = nginx::start(directory, port, UPLOAD_MB, &server)?;
        Ok(Roundcube { web, php, port, directory: directory.to_owned() })
    }

    /// Its URL, without Postern in front of it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Every request that it has received, one line each: method, target, status.
    pub fn requests(&self) -> String {
        nginx::requests(&self.directory)
    }

    /// The sign-ins so far, and the client addresses that Roundcube was given.
    pub fn sign_ins(&self) -> String {
        fs::read_to_string(self.directory.join("logs/userlogins.log")).unwrap_or_default()
    }

    /// The errors that Roundcube itself has logged so far.
    pub fn errors(&self) -> String {
        fs::read_to_string(self.directory.join("logs/errors.log")).unwrap_or_default()
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).during(path.display())
}

/// Debian names the program after its PHP version.
fn php_fpm() -> Result<PathBuf> {
    let directory = Path::new("/usr/sbin");
    let entries = fs::read_dir(directory).during(directory.display())?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("php-fpm")))
        .ok_or_else(|| Error::new("no php-fpm in /usr/sbin: run `cargo xtask test`, which installs it"))
}

fn create_database(directory: &Path) -> Result<()> {
    let database = directory.join("data/roundcube.db");
    let output = Command::new("php")
        .arg("-r")
        .arg("$db = new PDO('sqlite:' . $argv[1]); $db->exec(file_get_contents($argv[2]));")
        .args([database.as_path(), Path::new(SCHEMA)])
        .output()
        .during("making Roundcube's database with php")?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::new(format!("making Roundcube's database: {errors}")));
    }
    own(&database, &server_user(WEB_USER)?)
}

/// X-Forwarded-* is trusted from loopback, where Postern runs. Roundcube's own limit on wrong passwords is disabled, as
/// the tests type many.
fn configuration(directory: &Path, imap: u16) -> Result<String> {
    let mut key = [0; KEY_BYTES];
    fs::File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut key)).during("/dev/urandom")?;
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let directory = directory.display();
    Ok(format!(
        r"<?php
$config['db_dsnw'] = 'sqlite:///{directory}/data/roundcube.db?mode=0600';
$config['imap_host'] = '127.0.0.1:{imap}';
$config['smtp_host'] = '';
$config['des_key'] = '{key}';
$config['product_name'] = 'Webmail';
$config['skin'] = 'elastic';
$config['plugins'] = [];
$config['log_dir'] = '{directory}/logs/';
$config['temp_dir'] = '{directory}/temp/';
$config['log_logins'] = true;
$config['proxy_whitelist'] = ['127.0.0.1'];
$config['login_rate_limit'] = 100000;
"
    ))
}

fn php_configuration(directory: &Path, socket: &Path) -> String {
    let (directory, socket) = (directory.display(), socket.display());
    // Only root can start it as another user.
    let user =
        if Uid::effective().is_root() { format!("user = {WEB_USER}\ngroup = {WEB_USER}\n") } else { String::new() };
    format!(
        "[global]
error_log = /dev/stderr
daemonize = no
[roundcube]
{user}listen = {socket}
listen.mode = 0600
pm = static
pm.max_children = {WORKERS}
catch_workers_output = yes
env[ROUNDCUBE_CONFIG_DIR] = {directory}/config
php_admin_value[sys_temp_dir] = {directory}/temp
php_admin_value[upload_tmp_dir] = {directory}/temp
php_admin_value[upload_max_filesize] = {UPLOAD_MB}M
php_admin_value[post_max_size] = {UPLOAD_MB}M
"
    )
}

/// A path after `index.php` reaches Roundcube, as it does with Apache.
fn server_configuration(socket: &Path) -> String {
    let socket = socket.display();
    format!(
        r#"    root {PUBLIC};
    index index.php;
    location / {{ try_files $uri $uri/ =404; }}
    location ~ ^/index\.php(?<extra>/.*)?$ {{
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root/index.php;
      fastcgi_param PATH_INFO $extra;
      fastcgi_pass unix:{socket};
    }}
"#
    )
}
