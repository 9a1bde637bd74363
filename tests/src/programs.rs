//! All programs of Debian that the demo and the tests start, and the packages that contain them: the list of packages
//! to install is computed from this. `tests/tests/programs.rs` checks that no source starts a program that is not
//! listed here.

/// The name of a program, and the package that contains it.
pub type Program = (&'static str, &'static str);

/// The programs of the world, and so of the demo.
pub const DEMO: &[Program] = &[
    ("doveadm", "dovecot-imapd"),
    ("dovecot", "dovecot-imapd"),
    ("nginx", "nginx"),
    ("php", "php-cli"),
    // The name of PHP-FPM's program contains the version of PHP.
    ("php-fpm", "php-fpm"),
];

/// Packages that the world needs besides its programs: Roundcube and its parts, and libraries that the PAM module links
/// with. PHP-FPM comes before Roundcube, or apt would choose Apache to run it; [`packages`] keeps that order.
const DEMO_BESIDE: &[&str] = &[
    "dovecot-pop3d",
    "php-gd",
    "php-intl",
    "php-mbstring",
    "php-sqlite3",
    "php-xml",
    "roundcube-core",
    "roundcube-sqlite3",
    "libpam0g-dev",
];

/// The further programs of the tests: other hosts, webmails, clients and servers, and independent programs that check
/// Postern's output.
pub const TESTS: &[Program] = &[
    ("Xvfb", "xvfb"),
    ("apparmor_parser", "apparmor"),
    ("apt-get", "apt"),
    ("cc", "gcc"),
    ("chromedriver", "chromium-driver"),
    ("cp", "coreutils"),
    ("curl", "curl"),
    ("debconf-set-selections", "debconf"),
    ("dpkg-query", "dpkg"),
    ("fail2ban-regex", "fail2ban"),
    ("fetchmail", "fetchmail"),
    ("git", "git"),
    ("google-authenticator", "libpam-google-authenticator"),
    ("kill", "procps"),
    ("login", "login"),
    ("man", "man-db"),
    ("mandoc", "mandoc"),
    ("mbsync", "isync"),
    ("memcached", "memcached"),
    ("mmdebstrap", "mmdebstrap"),
    ("mount", "mount"),
    ("mpop", "mpop"),
    ("nm", "binutils"),
    ("npm", "npm"),
    ("nsenter", "util-linux"),
    ("oathtool", "oathtool"),
    ("openssl", "openssl"),
    ("pamtester", "pamtester"),
    ("pebble", "pebble"),
    ("pebble-challtestsrv", "pebble"),
    ("perl", "perl-base"),
    ("postfix", "postfix"),
    ("python3", "python3"),
    ("readelf", "binutils"),
    ("setpriv", "util-linux"),
    ("setsid", "util-linux"),
    ("sh", "dash"),
    ("sha1sum", "coreutils"),
    ("sogod", "sogo"),
    ("ssh", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
    ("sshd", "openssh-server"),
    ("systemd-analyze", "systemd"),
    ("systemd-socket-activate", "systemd"),
    ("systemd-sysusers", "systemd"),
    ("systemd-tmpfiles", "systemd"),
    ("thunderbird", "thunderbird"),
    ("true", "coreutils"),
    ("umount", "mount"),
    ("unshare", "util-linux"),
    ("valgrind", "valgrind"),
    ("zbarimg", "zbar-tools"),
];

/// The further packages that the tests need: libraries, PAM modules that ours is compared with, programs that scripts
/// and other programs start or that are not on the PATH, fonts for the browser, and a C++ compiler for libFuzzer.
const TESTS_BESIDE: &[&str] = &[
    "chromium",
    "faketime",
    "fonts-liberation",
    "g++",
    "libpam-oath",
    "neomutt",
    "postgresql",
    "python3-aiosmtpd",
    "python3-prometheus-client",
    "sudo",
];

/// The packages that the demo needs, each once.
pub fn demo() -> Vec<&'static str> {
    packages(DEMO, DEMO_BESIDE)
}

/// The packages that the demo and the tests need, each once.
pub fn tests() -> Vec<&'static str> {
    packages(&[DEMO, TESTS].concat(), &[DEMO_BESIDE, TESTS_BESIDE].concat())
}

fn packages(programs: &[Program], beside: &[&'static str]) -> Vec<&'static str> {
    let mut packages: Vec<&str> = Vec::new();
    for package in programs.iter().map(|(_, package)| *package).chain(beside.iter().copied()) {
        if !packages.contains(&package) {
            packages.push(package);
        }
    }
    packages
}
