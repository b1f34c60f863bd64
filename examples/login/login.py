#!/usr/bin/python3
"""A login: POST name=ann&password=sesame, and get a token that says who you are.

It shares a key with the gateway and nothing else. A real one keeps its users elsewhere, their
passwords hashed, counts failures, and speaks TLS; what it hands out looks the same.
"""

import argparse
import base64
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import time
import urllib.parse

USERS = {"ann": ("Ann", "sesame"), "bob": ("Bob", "swordfish")}
BODY_MAX = 1000


def text_of(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def token_for(user, options):
    """RFC 7519: what is signed, and the signature."""
    now = int(time.time())
    claims = {"iss": "login.py", "aud": "room", "sub": user, "name": USERS[user][0]}
    claims.update(iat=now, exp=now + options.seconds)
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    signed = ".".join(text_of(json.dumps(part).encode()) for part in parts)
    mac = hmac.digest(options.key.read_bytes(), signed.encode(), hashlib.sha256)
    return f"{signed}.{text_of(mac)}"


def is_known(user, password):
    right = USERS[user][1] if user in USERS else ""
    return hmac.compare_digest(password.encode(), right.encode()) and user in USERS


class Login(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > BODY_MAX:
            self.answer(400, {"message": "a name and a password are needed"})
            return
        body = self.rfile.read(int(length)).decode(errors="replace")
        form = dict(urllib.parse.parse_qsl(body))
        user = form.get("name", "").strip().lower()
        if is_known(user, form.get("password", "")):
            self.answer(200, {"token": token_for(user, self.server.options)})
        else:
            self.answer(403, {"message": "name or password are wrong"})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        # The page is of another port, and so of another origin: it alone may read this.
        self.send_header("Access-Control-Allow-Origin", self.server.options.page)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def make_key(path):
    """Once, and readable by nobody else."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with open(file, "wb") as key:
        key.write(os.urandom(32))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--page", default="http://127.0.0.1:8080", help="its origin")
    parser.add_argument("--seconds", type=int, default=600, help="that a token is good for")
    parser.add_argument("--key", type=pathlib.Path, metavar="FILE",
                        default=pathlib.Path(__file__).with_name("login.key"))
    options = parser.parse_args()
    make_key(options.key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Login)
    server.options = options
    print(f"tokens at http://127.0.0.1:{server.server_port}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
