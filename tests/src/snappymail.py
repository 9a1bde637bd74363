"""What SnappyMail says to a front, for what Debian does not have: an imitation in words that SnappyMail 2.38.2 was seen to
say, with the ways in that its source has (Service.php, ServiceActions.php, Actions/*.php). On loopback; its port is on
the first line, then each request as a line of JSON.

    snappymail.py '{"people": {"alice@example.com": "password"}, "additional_accounts": false}'
"""

import json
import secrets
import sys
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

INVALID_TOKEN, AUTH_ERROR = 101, 102
SET = "{}={}; path=/; HttpOnly; SameSite=Strict"
DELETE = "{}=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; path=/; HttpOnly; SameSite=Strict"

settings = json.loads(sys.argv[1])
# The value of the cookie `smaccount`, or `smadditional`, to the mailbox.
sessions = {}


class Webmail(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer({})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        # A body that says that it is JSON is read as such, any other as a form.
        if "application/json" in self.headers.get("Content-Type", ""):
            self.answer(json.loads(body))
        else:
            self.answer(dict(parse_qsl(body)))

    def answer(self, fields):
        line = {"line": self.command + " " + self.path, "action": fields.get("Action", "")}
        print(json.dumps(line | {"headers": [name.lower() for name in self.headers]}), flush=True)
        self.set = []
        jar = SimpleCookie(self.headers.get("Cookie", ""))
        self.cookies = {name: morsel.value for name, morsel in jar.items()}
        path, _, query = self.path.partition("?")
        if path.startswith("/snappymail/v/"):
            return self.send("text/css", "body {}")
        # As Service.php: all before the first `&`, and then each `q[]`.
        first, *rest = query.split("&")
        more = [value.strip(" /") for name, value in parse_qsl("&".join(rest)) if name == "q[]"]
        paths = "/".join([first.strip(" /"), *more]).split("/")
        service = paths.pop(0)
        if service == "Json":
            action = fields.get("Action") or (paths[1] if len(paths) > 1 else "")
            return self.json(self.call(action, fields))
        if service == "AppData":
            return self.json(self.app_data())
        if service == "Lang":
            return self.send("application/javascript; charset=utf-8", "window.snappymailI18N = {};")
        if service == "admin" or service.lower() in ("sso", "externallogin"):
            return self.send("text/html", "a way around")
        return self.send("text/html; charset=utf-8", '<!DOCTYPE html> <html> <body id="rl-app"></body> </html>')

    def who(self):
        main = sessions.get(self.cookies.get("smaccount"))
        return main, sessions.get(self.cookies.get("smadditional"), main)

    def token(self):
        main, _ = self.who()
        if main:
            return "1-" + main
        if "smtoken" not in self.cookies:
            self.cookies["smtoken"] = secrets.token_hex(20)
            self.set.append(SET.format("smtoken", self.cookies["smtoken"]))
        return "0-" + self.cookies["smtoken"]

    def app_data(self):
        main, shown = self.who()
        data = {"Auth": False, "title": "SnappyMail Webmail", "language": "en"}
        data["System"] = {"version": "2.38.2", "token": self.token(), "webPath": "/"}
        if main:
            accounts = settings["additional_accounts"]
            data |= {"Auth": True, "Email": shown, "mainEmail": main, "Capa": {"AdditionalAccounts": accounts}}
        return data

    def call(self, action, fields):
        if action == "Logout":
            self.set += [DELETE.format(name) for name in ("smadditional", "smaccount") if name in self.cookies]
            return {"Action": action, "Result": True}
        if self.command == "POST" and self.headers.get("X-SM-Token", fields.get("XToken")) != self.token():
            return failed(action, INVALID_TOKEN, "XToken mismatch")
        main, shown = self.who()
        if action == "Login":
            if settings["people"].get(fields.get("Email")) != fields.get("Password"):
                return failed(action, AUTH_ERROR, "AUTHENTICATIONFAILED Authentication failed.")
            self.sign_in("smaccount", fields["Email"])
            self.set.append(SET.format("smsession", secrets.token_hex(20)))
            return {"Action": action, "Result": self.app_data()}
        if not main:
            return failed(action, INVALID_TOKEN, "Account undefined")
        if action == "MessageList":
            return {"Action": action, "Result": {"subjects": [f"For {shown} only"]}}
        if action == "AccountSetup" and settings["additional_accounts"]:
            return {"Action": action, "Result": settings["people"].get(fields["email"]) == fields["password"]}
        # A plugin might let one switch where the setting does not.
        if action == "AccountSwitch":
            self.sign_in("smadditional", fields["Email"])
            return {"Action": action, "Result": {"Email": fields["Email"]}}
        return {"Action": action, "Result": False, "code": 0, "message": ""}

    def sign_in(self, name, mailbox):
        value = secrets.token_urlsafe(48)
        sessions[value] = mailbox
        self.cookies[name] = value
        self.set.append(SET.format(name, value))

    def json(self, answer):
        self.send("application/json; charset=utf-8", json.dumps(answer))

    def send(self, kind, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Referrer-Policy", "no-referrer")
        for cookie in self.set:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_PUT = do_OPTIONS = do_PROPFIND = do_GET

    def log_message(self, *arguments):
        pass


def failed(action, code, why):
    return {"Action": action, "Result": False, "code": code, "message": f"[{code}]", "messageAdditional": why}


server = ThreadingHTTPServer(("127.0.0.1", 0), Webmail)
print(server.server_port, flush=True)
server.serve_forever()
