"""A mail server on loopback (Debian's python3-aiosmtpd): its port on the first line, then each mail as a line of JSON.

Arguments: plain, starttls or smtps; the files of a certificate and its key; a user and a password, or two empty words.
"""

import asyncio
import json
import logging
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

logging.disable(logging.WARNING)
security, cert, key, user, password = sys.argv[1:]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 <%s>: no such user" % address
        if address.startswith("busy@"):
            return "451 4.3.0 <%s>: later" % address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.original_content.decode("ascii"),
            "hello": session.host_name,
            "user": session.auth_data.login.decode() if session.auth_data else None,
            "tls": security == "smtps" or session.ssl is not None,
        }
        print(json.dumps(mail), flush=True)
        if any(address.startswith("spam@") for address in envelope.rcpt_tos):
            return "554 5.7.1 %s" % envelope.original_content.decode("ascii").replace("\r\n", " ")
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == (user, password)
    return AuthResult(success=good, handled=False, auth_data=data)


def protocol():
    context = tls if security == "starttls" else None
    return SMTP(
        Handler(), hostname="mail.example.com", tls_context=context, require_starttls=context is not None,
        authenticator=authenticate, auth_required=user != "", auth_require_tls=security == "starttls",
    )


async def main():
    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=tls if security == "smtps" else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
tls.load_cert_chain(cert, key)
asyncio.run(main())
