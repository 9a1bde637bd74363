//! COMPRESS=DEFLATE (RFC 4978): between client and backend; the relay moves the bytes as they are.

use super::{extend_dovecot, world};
use postern_tests::tools;
use std::process::Command;

/// Negotiates it and says the rest compressed.
const COMPRESSED: &str = "
import socket, ssl, sys, zlib
port, ca, name, password = sys.argv[1:]
mail = ssl.create_default_context(cafile=ca).wrap_socket(
    socket.create_connection(('localhost', int(port))), server_hostname='localhost')
deflate, inflate = zlib.compressobj(wbits=-15), None
def ask(command):
    said = command.encode() + b'\\r\\n'
    mail.sendall(deflate.compress(said) + deflate.flush(zlib.Z_SYNC_FLUSH) if inflate else said)
    tag, answer = said.split()[0] + b' ', b''
    while not any(line.startswith(tag) and line.endswith(b'\\n') for line in answer.splitlines(True)):
        piece = mail.recv(65536)
        assert piece, answer
        answer += inflate.decompress(piece) if inflate else piece
    return answer.decode()
mail.recv(65536)
assert 'COMPRESS=DEFLATE' in ask(f'a LOGIN {name} {password}')
assert 'b OK' in ask('b COMPRESS DEFLATE')
inflate = zlib.decompressobj(-15)
ask('c SELECT INBOX')
print(ask('d FETCH 1:3 BODY.PEEK[]'), ask('e LOGOUT'))
";

#[test]
fn a_client_and_the_backend_may_compress_what_they_say() {
    let mut world = world();
    // From 2.4 on it needs no plugin.
    let version = tools::run(Command::new("dovecot").arg("--version"), &[]).unwrap().success().unwrap();
    if version.starts_with("2.3.") {
        extend_dovecot(&mut world, "protocol imap {\n  mail_plugins = zlib imap_zlib\n}\n");
    }
    let bob = world.mailbox("bob");
    let (port, ca) = (world.imap_front.unwrap().imaps.to_string(), world.certificates.ca.to_str().unwrap().to_owned());
    let mut python = Command::new("python3");
    python.args(["-c", COMPRESSED, &port, &ca, &bob.name, &bob.password]);
    let printed = tools::run(&mut python, &[]).unwrap().success().unwrap();
    assert!(printed.contains(&bob.private_subject()) && printed.contains("e OK "), "{printed}");
}
