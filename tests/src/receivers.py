"""What people have at hand: a telephone, behind an HTTP gateway, and a mailbox elsewhere, behind a mail server (Debian's
python3-aiosmtpd). Both on loopback; their ports on the first line, then each message as a line of JSON.
"""

import asyncio
import email
import email.policy
import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.smtp import SMTP

logging.disable(logging.WARNING)


class Gateway(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print(json.dumps({"by": "sms", "to": body["to"], "text": body["text"]}), flush=True)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Mailbox:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        message = {"by": "mail", "to": envelope.rcpt_tos[0], "subject": mail["Subject"], "text": mail.get_content()}
        print(json.dumps(message), flush=True)
        return "250 OK"


async def main():
    gateway = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=gateway.serve_forever, daemon=True).start()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Mailbox(), hostname="mail.elsewhere.example"), "127.0.0.1", 0)
    print(gateway.server_address[1], server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
