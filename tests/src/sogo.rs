//! A real SOGo: Debian's package behind nginx, with its own PostgreSQL and memcached.
//!
//! Users have the name before the `@` there, as in many directories; their address is a separate field.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::dovecot::{own, system_user};
use crate::mailboxes::Mailbox;
use crate::service::{Ready, Service};
use crate::{During, Error, Result, nginx, ports, tools};

/// The system users that the parts run as: none runs as root.
const SOGO_USER: &str = "sogo";
const DATABASE_USER: &str = "postgres";
/// The files that the web server serves by itself, where Debian's package puts them.
const FILES: &str = "/usr/lib/GNUstep/SOGo/WebServerResources/";
/// Where Debian's packages put PostgreSQL, a directory for each version.
const POSTGRESQL: &str = "/usr/lib/postgresql";
/// The number of requests that SOGo handles concurrently.
const WORKERS: u8 = 3;
/// The size in megabytes of memcached, and of the largest body of a request.
const CACHE_MB: u8 = 16;
const UPLOAD_MB: u16 = 32;

/// SOGo, running. The fields are stopped in the order of their declaration: a database waits for its clients.
#[derive(Debug)]
pub struct Sogo {
    /// nginx: ending this process ends the webmail.
    pub web: Service,
    /// SOGo, behind nginx.
    pub sogod: Service,
    cache: Service,
    database: Service,
    /// The port for HTTP on 127.0.0.1.
    pub port: u16,
    sql: u16,
    directory: PathBuf,
}

impl Sogo {
    /// Writes configuration and database into `directory` and starts; mail comes from 127.0.0.1:`imap`.
    pub fn start(directory: &Path, imap: u16, people: &[Mailbox]) -> Result<Sogo> {
        Sogo::start_with(directory, imap, people, "NO")
    }

    /// The same; users may add each other's mailboxes with the password.
    pub fn start_with_bypasses(directory: &Path, imap: u16, people: &[Mailbox]) -> Result<Sogo> {
        Sogo::start_with(directory, imap, people, "YES")
    }

    fn start_with(directory: &Path, imap: u16, people: &[Mailbox], additional_accounts: &str) -> Result<Sogo> {
        for (name, owner) in [("database", DATABASE_USER), ("home", SOGO_USER), ("nginx", "www-data")] {
            let path = directory.join(name);
            fs::create_dir(&path).during(path.display())?;
            own(&path, &system_user(owner)?)?;
        }
        let (port, behind, sql, memcached) = (ports::free()?, ports::free()?, ports::free()?, ports::free()?);
        let mut database = start_database(directory, sql)?;
        let url = fill_database(directory, sql, people).inspect_err(|_| database.kill())?;

        let mut cache = Service::new("memcached", "memcached", Ready::Port(memcached), directory);
        for arg in ["-u", SOGO_USER, "-l", "127.0.0.1", "-m", &CACHE_MB.to_string(), "-p", &memcached.to_string()] {
            cache = cache.arg(arg);
        }
        cache.start()?;

        let mut sogod = run_as(SOGO_USER, "sogod", "/usr/sbin/sogod", Ready::Port(behind), directory)?
            .env([("HOME".into(), directory.join("home").into())]);
        for (key, value) in configuration(directory, &url, behind, memcached, imap) {
            sogod = sogod.arg(format!("-{key}")).arg(value);
        }
        sogod = sogod.arg("-SOGoMailAuxiliaryUserAccountsEnabled").arg(additional_accounts);
        sogod.start()?;

        let web = nginx::start(directory, port, UPLOAD_MB, &server_configuration(behind))?;
        Ok(Sogo { web, sogod, cache, database, port, sql, directory: directory.to_owned() })
    }

    /// Gives a user another address in the directory. SOGo goes on signing in to their mailbox by its own name.
    ///
    /// Must be called before the user first signs in: SOGo caches what it has read.
    pub fn readdress(&self, person: &str, address: &str) -> Result<()> {
        self.change(&format!("UPDATE people SET mail = {} WHERE c_uid = {};", quoted(address), quoted(person)))
    }

    /// Gives a user preferences, as if stored earlier. Must be called before that user first signs in, and after
    /// another user has signed in.
    pub fn keep_preferences(&self, person: &str, json: &str) -> Result<()> {
        let row = format!("({}, {})", quoted(person), quoted(json));
        self.change(&format!("INSERT INTO sogo_user_profile (c_uid, c_defaults) VALUES {row};"))
    }

    fn change(&self, sql: &str) -> Result<()> {
        tools::run(&mut psql(&self.directory, self.sql)?, sql.as_bytes())?.success()?;
        Ok(())
    }

    /// Its URL, without Postern in front of it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Every request that it has received, one line each: method, target, status.
    pub fn requests(&self) -> Vec<String> {
        nginx::requests(&self.directory).lines().map(str::to_owned).collect()
    }

    /// The end of every log.
    pub fn logs(&self) -> String {
        [&self.sogod, &self.web, &self.cache, &self.database].map(Service::log_tail).join("\n")
    }
}

/// A service that switches to `user` before it runs `program` (setpriv(1)).
fn run_as(user: &str, name: &'static str, program: impl AsRef<Path>, ready: Ready, at: &Path) -> Result<Service> {
    let user = system_user(user)?;
    Ok(Service::new(name, "setpriv", ready, at)
        .arg(format!("--reuid={}", user.uid))
        .arg(format!("--regid={}", user.gid))
        .arg("--clear-groups")
        .arg(program.as_ref()))
}

/// The directory of PostgreSQL's programs, which are not on the PATH.
fn postgresql() -> Result<PathBuf> {
    let versions = fs::read_dir(POSTGRESQL).during(POSTGRESQL)?;
    let found =
        versions.filter_map(|version| Some(version.ok()?.path().join("bin"))).find(|bin| bin.join("initdb").exists());
    found.ok_or_else(|| Error::new("no PostgreSQL below /usr/lib/postgresql: `cargo xtask test` installs it"))
}

/// Durability is disabled: the data need not survive a power failure.
fn start_database(directory: &Path, port: u16) -> Result<Service> {
    let (programs, data, user) = (postgresql()?, directory.join("database/data"), system_user(DATABASE_USER)?);
    let mut init = Command::new("setpriv");
    init.arg(format!("--reuid={}", user.uid)).arg(format!("--regid={}", user.gid)).arg("--clear-groups");
    init.arg(programs.join("initdb")).arg("-D").arg(&data);
    // Every local client has full access: the database contains only the users of the tests.
    init.args(["--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C"]);
    init.current_dir(directory);
    tools::run(&mut init, &[])?.success()?;
    let mut database = run_as(DATABASE_USER, "postgresql", programs.join("postgres"), Ready::Port(port), directory)?
        .arg("-D")
        .arg(data);
    for arg in ["-h", "127.0.0.1", "-k", "", "-c", "fsync=off", "-p", &port.to_string()] {
        database = database.arg(arg);
    }
    database.start()?;
    Ok(database)
}

/// Creates the table of users; SOGo creates the others itself. Returns the prefix of the URLs of its tables.
fn fill_database(directory: &Path, port: u16, people: &[Mailbox]) -> Result<String> {
    let row = |person: &Mailbox| {
        let name = quoted(person.name.split('@').next().unwrap_or_default());
        let (password, address) = (quoted(&person.password), quoted(&person.name));
        format!("INSERT INTO people VALUES ({name}, {name}, {password}, {name}, {address}, {address});\n")
    };
    let sql = "CREATE TABLE people \
               (c_uid text PRIMARY KEY, c_name text, c_password text, c_cn text, mail text, mailbox text);\n";
    let sql = sql.to_owned() + &people.iter().map(row).collect::<String>();
    // An open port does not mean that the database accepts clients yet.
    crate::wait::until("PostgreSQL to accept a sign-in", || {
        let mut ready = Command::new(postgresql()?.join("pg_isready"));
        let ready = ready.args(["-q", "-h", "127.0.0.1", "-p"]).arg(port.to_string());
        Ok((tools::run(ready, &[])?.code == 0).then_some(()))
    })?;
    tools::run(&mut psql(directory, port)?, sql.as_bytes())?.success()?;
    Ok(format!("postgresql://postgres:none@127.0.0.1:{port}/postgres"))
}

/// A psql that runs the statements on its standard input.
fn psql(directory: &Path, port: u16) -> Result<Command> {
    let mut psql = Command::new(postgresql()?.join("psql"));
    psql.args(["--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres", "-p"]);
    psql.arg(port.to_string()).current_dir(directory);
    Ok(psql)
}

/// An SQL string literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Given on the command line, which has precedence over `/etc/sogo/sogo.conf`.
fn configuration(directory: &Path, sql: &str, port: u16, cache: u16, imap: u16) -> Vec<(&'static str, String)> {
    let table = |name: &str| format!("{sql}/{name}");
    let people = format!(
        "({{type = sql; id = people; viewURL = \"{}\"; canAuthenticate = YES; isAddressBook = NO; \
         userPasswordAlgorithm = plain; LoginFieldNames = (c_uid, mail); IMAPLoginFieldName = mailbox;}})",
        table("people"),
    );
    vec![
        ("WONoDetach", "YES".to_owned()),
        ("WOLogFile", "-".to_owned()),
        ("WOPidFile", directory.join("home/sogo.pid").display().to_string()),
        ("WOPort", format!("127.0.0.1:{port}")),
        ("WOWorkersCount", WORKERS.to_string()),
        ("SxVMemLimit", "0".to_owned()),
        ("SOGoProfileURL", table("sogo_user_profile")),
        ("OCSFolderInfoURL", table("sogo_folder_info")),
        ("OCSSessionsFolderURL", table("sogo_sessions_folder")),
        ("OCSEMailAlarmsFolderURL", table("sogo_alarms_folder")),
        ("OCSStoreURL", table("sogo_store")),
        ("OCSAclURL", table("sogo_acl")),
        ("OCSCacheFolderURL", table("sogo_cache_folder")),
        ("SOGoMemcachedHost", format!("127.0.0.1:{cache}")),
        ("SOGoIMAPServer", format!("imap://127.0.0.1:{imap}")),
        ("SOGoLanguage", "English".to_owned()),
        ("SOGoUserSources", people),
    ]
}

/// As SOGo's guide recommends; its cookie has four thousand bytes by itself.
fn server_configuration(behind: u16) -> String {
    format!(
        r#"    proxy_buffer_size 8k;
    location /SOGo.woa/WebServerResources/ {{ alias {FILES}; }}
    location /SOGo/WebServerResources/ {{ alias {FILES}; }}
    location = /.well-known/caldav {{ return 301 /SOGo/dav/; }}
    location = /.well-known/carddav {{ return 301 /SOGo/dav/; }}
    location /Microsoft-Server-ActiveSync {{
      proxy_pass http://127.0.0.1:{behind}/SOGo/Microsoft-Server-ActiveSync;
    }}
    location /SOGo {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_set_header Host $host;
      proxy_set_header x-webobjects-server-protocol HTTP/1.0;
      proxy_set_header x-webobjects-server-port 443;
      proxy_set_header x-webobjects-server-name $host;
      proxy_set_header x-webobjects-server-url https://$http_host;
      proxy_set_header x-webobjects-remote-host 127.0.0.1;
    }}
"#
    )
}
