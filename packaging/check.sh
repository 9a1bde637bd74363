#!/bin/sh
# What an administrator does to the packages, in a fresh Debian that `cargo xtask deb --check` has booted; the packages
# are beside this file. Its last line is "all is well", or the failure.
set -u
cd "$(dirname "$0")" || exit
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
# Seconds within which an expected state has to be reached.
PATIENCE=30

step() { echo "» $*"; }
fail() {
    echo "$*"
    journalctl --no-pager --lines=40 --unit='postern*'
    echo "failed: $*"
    exit 1
}
must() { "$@" >out 2>&1 || { cat out; fail "$*"; }; }
mustnt() { ! "$@" >out 2>&1 || { cat out; fail "went well, but must not: $*"; }; }
same() { [ "$2" = "$3" ] || fail "$1: it is '$2', not '$3'"; }
eventually() {
    left=$((PATIENCE * 10))
    until "$@" >out 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || { cat out; fail "not within $PATIENCE seconds: $*"; }
        sleep 0.1
    done
}
mode_of() { stat --format='%U:%G %a' "$1"; }
main_pid() { systemctl show --property=MainPID --value "$1"; }
memory_of() { sed -n 's/^VmRSS:[ \t]*//p' "/proc/$(main_pid "$1")/status"; }
is_new_pid() { [ "$(main_pid "$1")" != 0 ] && [ "$(main_pid "$1")" != "$2" ] && systemctl is-active "$1"; }
protected() { postern account show alice@example.com | grep -q protected; }
install() { must apt-get install --yes --no-install-recommends "$@"; }
purge_everything() {
    echo 'postern postern/purge-state boolean true' | debconf-set-selections
    must apt-get purge --yes "$@"
}

# Calls the daemon again and again until the file `asking` is removed; failures are in `refused`.
ask_all_the_while() {
    : >asking; : >refused; : >asked
    while [ -e asking ]; do
        if postern status >last 2>&1; then echo >>asked; else cat last >>refused; fi
    done &
    asker=$!
}
nobody_was_refused() {
    rm asking
    wait $asker
    [ ! -s refused ] || { cat refused; fail "refused while $1"; }
    echo "  $(wc -l <asked) calls while $1, none failed"
}

step "install"
install ./postern_*.deb ./postern-proxy_*.deb ./libpam-postern_*.deb
must systemctl is-active posternd.service posternd-auth.socket posternd-admin.socket
must systemctl is-enabled posternd.service posternd-auth.socket posternd-admin.socket
mustnt systemctl is-active postern-proxy.service
mustnt systemctl is-enabled postern-proxy.service
same "the master key" "$(mode_of /etc/postern/master.key)" "root:root 600"
same "the store" "$(mode_of /var/lib/postern/store)" "postern:postern 700"
same "the auth socket" "$(mode_of /run/postern/auth.sock)" "postern:postern-auth 660"
same "the admin socket" "$(mode_of /run/postern/admin.sock)" "postern:postern-admin 660"
same "the directory of certificates" "$(mode_of /etc/postern/tls)" "root:postern-proxy 750"
same "the daemon's user" "$(stat --format=%U "/proc/$(main_pid posternd)")" postern
mustnt grep --recursive --quiet pam_postern /etc/pam.d
must postern status
echo "  memory at rest: posternd $(memory_of posternd)"

step "use"
must postern platform create example --domain example.com
must postern platform enable example
must postern account enable alice@example.com
must postern method add totp alice@example.com
must protected
must setpriv --reuid=postern-proxy --regid=postern-proxy --init-groups sh -c '
    [ -w /run/postern/auth.sock ] && [ ! -w /run/postern/admin.sock ]'
mustnt setpriv --reuid=postern --regid=postern --init-groups cat /etc/postern/master.key

step "sandbox"
for unit in posternd postern-proxy; do
    systemd-analyze security --offline=yes "$unit.service" | tail -1 | sed 's/^→/ /'
    must systemd-analyze security --offline=yes --threshold=15 "$unit.service"
    must systemd-analyze verify --man=no "$unit.service"
done

step "restart, kill, hang"
ask_all_the_while
for _ in 1 2 3 4 5; do must systemctl restart posternd; done
nobody_was_refused "posternd was restarted five times"
before=$(main_pid posternd)
kill -KILL "$before"
must postern status
same "killed once" "$(systemctl is-active posternd)" active
mkdir -p /etc/systemd/system/posternd.service.d
printf '[Service]\nWatchdogSec=2s\n' >/etc/systemd/system/posternd.service.d/check.conf
systemctl daemon-reload
must systemctl restart posternd
before=$(main_pid posternd)
sleep 5
same "a watchdog that is fed" "$(main_pid posternd)" "$before"
kill -STOP "$before"
eventually is_new_pid posternd "$before"
must protected
rm -r /etc/systemd/system/posternd.service.d
systemctl daemon-reload

step "a configuration that is wrong, then right"
echo 'wrong = 1' >>/etc/postern/posternd.toml
mustnt systemctl restart posternd
for _ in 1 2 3; do postern status >out 2>&1; done
sed --in-place '/^wrong/d' /etc/postern/posternd.toml
eventually postern status

step "the master key as an encrypted credential"
if systemd-creds encrypt --with-key=host --name=postern-master-key /etc/postern/master.key key.cred >out 2>&1; then
    mkdir -p /etc/systemd/system/posternd.service.d
    printf '[Service]\nLoadCredential=\nLoadCredentialEncrypted=postern-master-key:%s\n' "$PWD/key.cred" \
        >/etc/systemd/system/posternd.service.d/check.conf
    mv /etc/postern/master.key kept.key
    systemctl daemon-reload
    must systemctl restart posternd
    must protected
    mv kept.key /etc/postern/master.key
    rm -r /etc/systemd/system/posternd.service.d
    systemctl daemon-reload
    must systemctl restart posternd
else
    echo "  skipped: $(cat out)"
fi

step "the proxy"
certificate() {
    must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
        -keyout key.pem -out fullchain.pem
    must cp key.pem fullchain.pem /etc/postern/tls/
    chgrp postern-proxy /etc/postern/tls/key.pem
    chmod 640 /etc/postern/tls/key.pem
}
shown() { openssl s_client -connect "127.0.0.1:$1" $2 </dev/null 2>/dev/null | grep --only-matching 'subject=.*'; }
shows() { shown "$1" "${3-}" | grep -q "$2"; }
certificate first
cat >>/etc/postern/proxy.toml <<'END'
[imap]
listen = "[::]:993"
starttls_listen = "[::]:143"
backend = "imap://127.0.0.1:10143"
END
must setpriv --reuid=postern-proxy --regid=postern-proxy --init-groups postern-proxy --check
must systemctl enable --now postern-proxy-https.socket postern-proxy-imaps.socket postern-proxy-imap.socket
must systemctl enable --now postern-proxy.service
must shows 443 first
must shows 993 first
must shows 143 first "-starttls imap"
echo "  memory at rest: postern-proxy $(memory_of postern-proxy)"
before=$(main_pid postern-proxy)
certificate second
must systemctl reload postern-proxy
eventually shows 443 second
same "reloaded in place" "$(main_pid postern-proxy)" "$before"
for _ in 1 2 3; do
    must systemctl --no-block restart postern-proxy
    must shows 443 second
    must shows 993 second
done
kill -KILL "$(main_pid postern-proxy)"
must shows 443 second

step "upgrade"
ask_all_the_while
before=$(main_pid posternd)
install --reinstall ./postern_*.deb ./postern-proxy_*.deb ./libpam-postern_*.deb
nobody_was_refused "the packages were upgraded"
must is_new_pid posternd "$before"
must protected
must shows 443 second

step "PAM: on, and out before the module goes"
must pam-auth-update --enable postern
must grep --quiet pam_postern /etc/pam.d/common-auth
cp /etc/pam.d/common-auth kept
printf 'auth requisite pam_postern.so no_enrol domain=example.com\nauth required pam_permit.so\n' >/etc/pam.d/check
mustnt sh -c 'echo 000000 | pamtester check alice authenticate'
must pamtester check bob authenticate
must apt-get remove --yes libpam-postern
mustnt grep --quiet pam_postern /etc/pam.d/common-auth

step "remove and install again"
must apt-get remove --yes postern postern-proxy
mustnt systemctl is-active posternd.service posternd-auth.socket posternd-admin.socket postern-proxy-https.socket
mustnt ls /usr/sbin/posternd
same "the master key" "$(mode_of /etc/postern/master.key)" "root:root 600"
install ./postern_*.deb
must protected

step "purge, and keep what is known"
must apt-get purge --yes postern
must ls /etc/postern/master.key /var/lib/postern/store
install ./postern_*.deb
must protected

step "an export, for a machine that begins anew"
must postern export ./all.export
cp /etc/postern/master.key kept.key

step "purge everything"
purge_everything postern postern-proxy libpam-postern
for left in /etc/postern/master.key /etc/postern/posternd.toml /etc/postern/proxy.toml /var/lib/postern /run/postern/auth.sock; do
    mustnt ls "$left"
done
must getent passwd postern postern-proxy

step "begin anew, from the key and the export"
install ./postern_*.deb
mustnt protected
must systemctl stop posternd.service posternd-auth.socket posternd-admin.socket
must mv /var/lib/postern/store /var/lib/postern/store.old
must cp kept.key /etc/postern/master.key
must posternd init --existing-key
must systemctl start posternd
must postern import ./all.export
must protected

step "purge everything, for a new administrator"
purge_everything postern
. ./sign_in.sh

echo "all is well"
