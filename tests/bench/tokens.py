"""A handshake that needs a token: what asking for it, and verifying its signature, costs beside
a handshake of the same gateway without.

The keys are made and the token is signed by the program openssl, once for each measurement;
all clients bring the same token, and each time it is verified anew."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import subprocess
import tempfile
import time

import servers

GENERATE = {
    "RS256": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ES256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "EdDSA": ["ed25519"],
}
CLAIMS = {"iss": "https://login.example/", "aud": "chat", "sub": "0123456789abcdef",
          "name": "Ann Example", "team": "red", "admin": False}
OPTIONS = {"issuer": CLAIMS["iss"], "audience": CLAIMS["aud"]}


def text_of(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def openssl(*arguments, **more):
    return subprocess.run(["openssl", *arguments], capture_output=True, check=True,
                          **more).stdout


def halves(der):
    """The two numbers of an ECDSA signature, as JWS has them: RFC 7518, section 3.4."""
    r_end = 4 + der[3]
    r, s = der[4:r_end], der[r_end + 2:]
    return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in (r, s))


class Signer:
    """A new key in a folder, and what signs with it."""

    def __init__(self, alg, folder):
        self.alg, self.secret = alg, pathlib.Path(folder, "secret")
        self.public = pathlib.Path(folder, "public")
        if alg == "HS256":
            self.public.write_bytes(os.urandom(32))
            return
        kind, *more = GENERATE[alg]
        openssl("genpkey", "-algorithm", kind, *more, "-out", self.secret)
        openssl("pkey", "-in", self.secret, "-pubout", "-out", self.public)

    @property
    def keys(self):
        return {"file": str(self.public), "as": "secret" if self.alg == "HS256" else "pem"}

    def sign(self, data):
        if self.alg == "HS256":
            return hmac.digest(self.public.read_bytes(), data, hashlib.sha256)
        if self.alg == "EdDSA":
            file = self.secret.with_name("data")
            file.write_bytes(data)
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.secret, "-in", file)
        signature = openssl("dgst", "-sha256", "-sign", self.secret, input=data)
        return halves(signature) if self.alg == "ES256" else signature

    def token(self):
        claims = {**CLAIMS, "exp": int(time.time()) + 3600}
        parts = ({"alg": self.alg, "typ": "JWT"}, claims)
        signed = ".".join(text_of(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{text_of(self.sign(signed.encode()))}"


class Gateway(servers.Listener):
    def __init__(self, name, folder, found, signer, placement, workers):
        super().__init__(name, placement)
        plugins = [{"file": found["fan.so"]}]
        if signer:
            options = {**OPTIONS, "keys": signer.keys}
            plugins.insert(0, {"file": found["jwt.so"], "options": options})
        config = {"listen": {"port": self.port}, "workers": workers, "plugins": plugins}
        file = pathlib.Path(folder, "jackfield.json")
        file.write_text(json.dumps(config), encoding="utf-8")
        self.command = [found["jackfield"], "run", "-c", str(file)]


def measure(row, name, found, placement, workers, warm_up, seconds):
    with tempfile.TemporaryDirectory() as folder:
        signer = None if name == "plain" else Signer(name, folder)
        with Gateway(name, folder, found, signer, placement, workers) as server:
            command = servers.load_command(row, [server.port], [server.process], found,
                                           warm_up, seconds)
            if signer:
                command[1:1] = ["-H", f"Authorization: Bearer {signer.token()}"]
            return servers.run_load(command, row, placement, warm_up + seconds, [server])
