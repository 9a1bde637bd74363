# A part of check.sh, which reads it: from a Debian without Postern to a mailbox, as docs/operations.md tells a new
# administrator, and then what the owner of the mailbox does. The commands are those of the document, which is beside
# this file; steps that it describes in words only are done here, with a comment.
site=webmail.example.com
mailbox=bob@example.com
password='the password of a mailbox'
echo 'APT::Get::Assume-Yes "true"; APT::Install-Recommends "false";' >/etc/apt/apt.conf.d/99check

# The code block under a heading that has a line with these words.
block() {
    awk -v heading="$1" -v words="$2" '
        /^```/ { if (code && found) { printf "%s", text; exit } code = !code; text = ""; found = 0; next }
        code { text = text $0 "\n"; if (index($0, words)) found = here; next }
        sub(/^#+ /, "") { here = ($0 == heading) }' operations.md >block
    [ -s block ] || fail "operations.md has no commands with '$2' under '$1'"
}
follow() {
    block "$@"
    sh -eu ./block >out 2>&1 || { cat out; fail "the commands with '$2' under '$1' of operations.md"; }
}
# Curl as a browser: it follows, keeps its cookies, and leaves the last page in `page`.
browse() {
    at=$(curl --silent --show-error --fail --cacert fullchain.pem --resolve "$site:443:127.0.0.1" --location \
        --cookie jar --cookie-jar jar --output page --write-out '%{url_effective}' "$@" 2>out) ||
        { cat out; fail "the browser: $*"; }
}
is_at() { case $at in "https://$site$1"*) ;; *) cat page; fail "the browser is at $at, not at $1" ;; esac; }
reads() { must grep --quiet --fixed-strings -- "$1" page; }
hidden() { sed -n "s/.*name=\"$1\"[^>]* value=\"\([^\"]*\)\".*/\1/p" page; }
gives_password() {
    browse "https://$site/"
    reads 'name="_pass"'
    browse "https://$site/?_task=login" --data-urlencode "_token=$(hidden _token)" --data _task=login \
        --data _action=login --data-urlencode "_user=$mailbox" --data-urlencode "_pass=$password"
}
is_in() {
    is_at '/?_task=mail'
    reads "$mailbox"
    reads 'id="messagelist'
}
is_protected() { postern account show "$mailbox" | grep --quiet protected; }
code() { oathtool --totp --base32 "$@" "$secret"; }
mail_app() {
    curl --silent --show-error --cacert fullchain.pem --resolve "$site:993:127.0.0.1" --user "$mailbox:$1" \
        "imaps://$site/INBOX;MAILINDEX=1"
}

step "by the document: install, the first platform and account"
follow Install 'apt install ./postern_'
block Install 'postern status'
mustnt sh -eu ./block # as the document says: there is no proxy yet
follow 'The first platform and account' 'postern platform create'

step "by the document: Dovecot and Roundcube"
# What the check itself uses.
must apt-get install curl librsvg2-bin oathtool passwd zbar-tools
must useradd --create-home bob
echo "bob:$password" | chpasswd
follow 'Where nothing is there yet' 'apt install'
follow 'Where nothing is there yet' /etc/dovecot/
# Described in words: the whole address is the name.
case $(dovecot --version) in
2.3.*) echo 'auth_username_format = %Ln' ;;
*) echo 'auth_username_format = %{user | username | lower}' ;;
esac >>/etc/dovecot/conf.d/99-postern.conf
must systemctl restart dovecot
follow 'Where nothing is there yet' /etc/roundcube/
printf 'Subject: The numbers\n\nAs you asked.\n' >message
must sh -c 'doveadm save -u bob <message'

step "by the document: the proxy"
must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$site" \
    -addext "subjectAltName=DNS:$site" -keyout key.pem -out fullchain.pem
follow 'The proxy' 'install -m 640 -o root -g postern-proxy key.pem'
# Described in words: `backend` in [imap]; [webmail] has the addresses of this host already.
sed --in-place -e 's|^#\[imap\]|[imap]|' -e 's|^#listen = "\[::\]:993"|listen = "[::]:993"|' \
    -e 's|^#starttls_listen = "\[::\]:143"|starttls_listen = "[::]:143"|' \
    -e 's|^#backend = "imaps:.*|backend = "imap://127.0.0.1:10143"|' /etc/postern/proxy.toml
follow 'The proxy' 'postern-proxy --check'
follow 'The proxy' 'systemctl enable --now postern-proxy-https.socket'
must postern check

step "the first sign-in: password, picture, code, backup codes, mailbox"
gives_password
is_at /postern/set-up
tr -d '\n' <page | grep --only-matching '<svg class="qr".*</svg>' | sed 's|</svg>.*|</svg>|' >qr.svg
must rsvg-convert --zoom=8 --output=qr.png qr.svg
uri=$(zbarimg --quiet --raw qr.png) || fail "the picture cannot be read"
case $uri in otpauth://totp/*) ;; *) fail "the picture says $uri" ;; esac
secret=$(echo "$uri" | sed 's/.*[?&]secret=\([A-Z2-7]*\).*/\1/')
browse "https://$site/postern/set-up" --data "code=$(code)" --data-urlencode "description=Bob's phone"
is_at /postern/backup-codes
same "backup codes" "$(sed -n 's|.*<ol class="codes"\(.*\)</ol>.*|\1|p' page | grep --only-matching '<li>' | wc -l)" 10
browse "https://$site/postern/saved" --data saved=yes
is_in
must is_protected

step "the second sign-in: only the code is asked"
rm jar
gives_password
is_at /postern/code
mustnt grep --quiet '<svg class="qr"' page
browse "https://$site/?_task=mail"
is_at /postern/code
# The next one: each code is accepted once.
browse "https://$site/postern/code" --data "code=$(code --now=+30seconds)"
is_in

step "a mail app: an app password, and not the mailbox's own"
block 'Every day' 'postern app-password create'
grep 'app-password create' block >create
echo "$password" | sh ./create >out 2>&1 || { cat out; fail "$(cat create)"; }
app_password=$(sed -n 's/^ *Password:* *//p' out)
mail_app "$app_password" >mail 2>&1 || { cat mail; fail "the app password does not open the mailbox"; }
must grep --quiet 'Subject: The numbers' mail
mustnt mail_app "$password"
