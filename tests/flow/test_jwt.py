"""Tokens at the door: the plugin jwt beside handlers that read who it let in."""

import base64
import hashlib
import hmac
import json
import os
import time

import pytest
import raw

ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.utils import (  # noqa: E402
    decode_dss_signature,
)

SECRET = b"0123456789abcdef0123456789abcdef"
SHA256 = hashes.SHA256()


def text_of(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value, size=None):
    size = size or (value.bit_length() + 7) // 8
    return text_of(value.to_bytes(size, "big"))


# -- keys, by their algorithm: what signs, and the public half as a JWK


def sign_es256(key, data):
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(SHA256)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Key:
    def __init__(self, alg, kid=None):
        self.alg, self.kid = alg, kid
        if alg == "HS256":
            self.secret = os.urandom(32)
            self.sign = lambda data: hmac.digest(self.secret, data, hashlib.sha256)
            self.jwk = {"kty": "oct", "k": text_of(self.secret)}
        elif alg == "RS256":
            self.key = rsa.generate_private_key(65537, 2048)
            self.sign = lambda data: self.key.sign(data, padding.PKCS1v15(), SHA256)
            numbers = self.key.public_key().public_numbers()
            self.jwk = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        elif alg == "ES256":
            self.key = ec.generate_private_key(ec.SECP256R1())
            self.sign = lambda data: sign_es256(self.key, data)
            numbers = self.key.public_key().public_numbers()
            self.jwk = {"kty": "EC", "crv": "P-256"}
            self.jwk.update(x=number(numbers.x, 32), y=number(numbers.y, 32))
        else:
            self.key = ed25519.Ed25519PrivateKey.generate()
            self.sign = self.key.sign
            octets = self.key.public_key().public_bytes(
                serialization.Encoding.Raw, serialization.PublicFormat.Raw
            )
            self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": text_of(octets)}
        if kid:
            self.jwk["kid"] = kid

    @property
    def pem(self):
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def token(self, header=None, **claims):
        named = {"kid": self.kid} if self.kid else {}
        header = {"alg": self.alg, **named, **(header or {})}
        claims = {"sub": "Ann", "exp": int(time.time()) + 600, **claims}
        parts = [text_of(json.dumps(part).encode()) for part in (header, claims)]
        signed = ".".join(parts)
        return f"{signed}.{text_of(self.sign(signed.encode()))}"


@pytest.fixture(scope="module")
def keys():
    return {alg: Key(alg, f"key-{alg}") for alg in ("HS256", "RS256", "ES256", "EdDSA")}


def write(path, content):
    """As a file of keys should be replaced: in one step."""
    aside = path.with_suffix(".new")
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    aside.write_bytes(content)
    aside.rename(path)
    return path


def jwks(*keys):
    return {"keys": [key.jwk for key in keys]}


@pytest.fixture
def door(host, build, tmp_path):
    """door(keys, options) serves what those keys let in, and handlers behind it."""
    so = build / "plugins/jwt.so"
    if not so.exists():
        pytest.skip("the plugin for tokens is not built")

    def start(content, workers=1, behind="probe", **options):
        options.setdefault("keys", str(write(tmp_path / "keys", content)))
        plugin = {"file": str(so), "options": options}
        return host([plugin, behind], workers=workers)

    return start


def bearer(token):
    return [("Authorization", f"Bearer {token}")]


def attribute(client, name):
    answer = client.ask("get", key=f"authorizer.{name}")
    return answer.get("value")


def is_refused(served, headers=(), path="/", protocols=None):
    with pytest.raises(raw.Refused) as refused:
        served.client(path, headers, protocols=protocols)
    assert refused.value.response.status == 401
    assert refused.value.response.json() == {"message": "Unauthorized"}


# -- who comes in


def test_each_algorithm_lets_in_and_its_claims_are_attributes(door, keys, workers):
    served = door(jwks(*keys.values()), workers)
    for alg, key in keys.items():
        token = key.token(sub=f"Ann {alg}", big=12345678901234567890, on=True)
        with served.client("/", bearer(token)) as client:
            assert attribute(client, "sub") == f"Ann {alg}"
            assert attribute(client, "big") == "12345678901234567890"
            assert attribute(client, "on") == "true"


def test_public_keys_in_pem_let_in(door, keys):
    served = door(keys["RS256"].pem + keys["ES256"].pem + keys["EdDSA"].pem)
    for alg in ("RS256", "ES256", "EdDSA"):
        served.client("/", bearer(keys[alg].token())).close()


def test_a_secret_is_said_to_be_one(door, tmp_path):
    file = write(tmp_path / "secret", SECRET)
    key = Key("HS256")
    key.secret = SECRET
    served = door(b"", keys={"file": str(file), "as": "secret"})
    served.client("/", bearer(key.token())).close()


def test_who_has_no_good_token_stays_out(door, keys):
    served = door(jwks(*keys.values()), issuer="us", audience="chat")
    key, now = keys["ES256"], int(time.time())
    good = {"iss": "us", "aud": ["x", "chat"]}
    served.client("/", bearer(key.token(**good))).close()
    is_refused(served)
    is_refused(served, bearer("x.y.z"))
    is_refused(served, bearer(key.token(**good)[:-2]))
    is_refused(served, bearer(key.token(**good, exp=now - 3600)))
    is_refused(served, bearer(key.token(**good, nbf=now + 3600)))
    is_refused(served, bearer(key.token(iss="them", aud="chat")))
    is_refused(served, bearer(key.token(iss="us", aud="api")))
    is_refused(served, bearer(Key("ES256", "key-ES256").token(**good)))
    is_refused(served, bearer(key.token(**good)) * 2)


def test_no_algorithm_and_a_confused_one_stay_out(door, keys):
    served = door(keys["RS256"].pem)
    token = keys["RS256"].token()
    payload = token.split(".")[1]
    none = text_of(b'{"alg":"none"}')
    is_refused(served, bearer(f"{none}.{payload}."))
    is_refused(served, bearer(f"{none}.{payload}.{token.split('.')[2]}"))
    signed = text_of(b'{"alg":"HS256"}') + "." + payload
    mac = hmac.digest(keys["RS256"].pem, signed.encode(), hashlib.sha256)
    is_refused(served, bearer(f"{signed}.{text_of(mac)}"))
    is_refused(served, bearer(keys["RS256"].token(header={"crit": ["exp"]})))


# -- who it is, to the others


def test_every_event_knows_who_it_is(door, keys):
    key = keys["EdDSA"]
    served = door(jwks(key), claims=["team"])
    token = key.token(team="red", admin=True, principalId="Eve")
    known = {"principalId": "Ann", "team": "red"}
    with served.client("/?event", bearer(token)) as client:
        first = client.recv_json()["requestContext"]["authorizer"]  # of $connect
        assert isinstance(first.pop("integrationLatency"), int)
        assert first == known
        assert client.ask("event")["event"]["requestContext"]["authorizer"] == known
        assert attribute(client, "admin") is None


def test_it_stands_before_a_plugin_with_a_connect_of_its_own(door, keys):
    key = keys["EdDSA"]
    served = door(jwks(key), behind="chat")
    with served.client("/", bearer(key.token())) as ann:
        is_refused(served)
        ann.json(action="onMessage", message="Hello everyone")
        assert ann.recv() == "Hello everyone"


def test_what_comes_behind_it_may_still_refuse(door, keys):
    key = keys["EdDSA"]
    served = door(jwks(key))
    with pytest.raises(raw.Refused) as refused:
        served.client("/?deny", bearer(key.token()))
    assert refused.value.response.status == 403
    is_refused(served, path="/?deny")


# -- where the token is


def test_a_browser_offers_it_as_a_subprotocol(door, keys):
    key = keys["EdDSA"]
    options = {"from": ["subprotocol"], "subprotocol": ["chat.v2", "chat.v1"]}
    served = door(jwks(key), **options)
    token = key.token()
    for offered, chosen in {
        f"jackfield.jwt, {token}": "jackfield.jwt",
        f"jackfield.jwt, {token}, chat.v1": "chat.v1",
        f"chat.v1, chat.v2, jackfield.jwt, {token}": "chat.v2",
    }.items():
        with served.client(protocols=offered) as client:
            assert client.response.header("sec-websocket-protocol") == chosen
            assert attribute(client, "sub") == "Ann"
    is_refused(served, bearer(token))
    is_refused(served, protocols="jackfield.jwt")
    is_refused(served, protocols=token)


def test_sources_are_asked_in_their_order(door, keys):
    key = keys["EdDSA"]
    served = door(jwks(key), **{"from": ["header:X-Token", "query:token"]})
    ann, bob = key.token(), key.token(sub="Bob")
    with served.client(f"/?token={ann}") as client:
        assert attribute(client, "sub") == "Ann"
    with served.client(f"/?token={ann}", [("X-Token", bob)]) as client:
        assert attribute(client, "sub") == "Bob"
    is_refused(served, [("X-Token", "nonsense")], f"/?token={ann}")
    is_refused(served, bearer(ann))
    is_refused(served, path=f"/?token={ann}&token={ann}")


# -- how it ends


def test_a_connection_is_closed_with_4401_after_its_token(door, keys, workers):
    key = keys["EdDSA"]
    served = door(jwks(key), workers, leeway_s=0, grace_s=1)
    begun = time.time()
    exp = int(begun) + 3
    with served.client("/", bearer(key.token(exp=exp))) as client:
        with served.client("/", bearer(key.token())) as longer:
            client.expect_close(4401, "token expired")
            assert time.time() > exp + 0.9
            assert attribute(longer, "sub") == "Ann"


def test_a_refresh_by_the_same_subject_keeps_it_open(door, keys):
    key = keys["EdDSA"]
    served = door(jwks(key), leeway_s=0, grace_s=1)
    soon = int(time.time()) + 3
    with served.client("/", bearer(key.token(exp=soon))) as client:
        client.json(action="refresh", token=key.token(sub="Bob"))
        assert client.recv_json() == {
            "type": "error",
            "message": "refresh refused: subject",
        }
        client.json(action="refresh", token="x")
        assert client.recv_json()["message"] == "refresh refused: malformed"
        client.json(action="refresh", token=key.token(exp=soon + 600))
        assert client.recv_json() == {"type": "refreshed", "expires": soon + 600}
        time.sleep(max(0, soon + 2.5 - time.time()))
        assert attribute(client, "sub") == "Ann"


def test_where_it_is_ignored_it_stays_open(door, keys):
    key = keys["EdDSA"]
    served = door(jwks(key), expire="ignore", leeway_s=0)
    with served.client("/", bearer(key.token(exp=int(time.time()) + 2))) as client:
        time.sleep(4)
        assert attribute(client, "sub") == "Ann"


# -- keys change


def lets_in(served, token):
    try:
        served.client("/", bearer(token)).close()
        return True
    except raw.Refused:
        return False


def test_keys_are_changed_while_it_serves(door, keys, tmp_path, workers, eventually):
    old, new = Key("ES256", "old"), Key("ES256", "new")
    served = door(jwks(old), workers)
    assert lets_in(served, old.token()) and not lets_in(served, new.token())
    write(tmp_path / "keys", jwks(old, new))  # a rotation begins with both
    eventually(lambda: all(lets_in(served, new.token()) for _ in range(8)))
    assert lets_in(served, old.token())
    write(tmp_path / "keys", jwks(new))
    eventually(lambda: not any(lets_in(served, old.token()) for _ in range(8)))
    assert lets_in(served, new.token())


def test_a_broken_file_of_keys_changes_nothing_and_is_told(door, keys, tmp_path):
    served = door(jwks(keys["ES256"]))
    served.may_log("event=bad_keys")
    write(tmp_path / "keys", b'{"keys":[')
    served.wait_log("event=bad_keys file=.*not JSON")
    assert lets_in(served, keys["ES256"].token())
    write(tmp_path / "keys", jwks(keys["EdDSA"]))
    served.wait_log("event=keys_read count=1")


def test_a_reload_forgets_nobodys_end(door, keys):
    key = keys["EdDSA"]
    served = door(jwks(key), leeway_s=0, grace_s=0)
    with served.client("/", bearer(key.token(exp=int(time.time()) + 5))) as client:
        path = served.command[served.command.index("-c") + 1]
        config = json.loads(open(path).read())
        config["plugins"][0]["options"]["grace_s"] = 1
        with open(path, "w") as file:
            json.dump(config, file)
        served.wait_log("event=reloaded")
        assert attribute(client, "sub") == "Ann"
        client.expect_close(4401, "token expired")


@pytest.mark.only("c", reason="nothing starts, so nothing is said in any language")
def test_wrong_options_stop_the_start_and_are_named(host, build, tmp_path):
    so, file = build / "plugins/jwt.so", write(tmp_path / "keys", jwks(Key("EdDSA")))
    for options, part in (
        ({"keys": str(file), "audiance": "x"}, 'option="audiance"'),
        ({"keys": str(tmp_path / "nowhere")}, "event=bad_keys"),
        ({}, 'option="keys"'),
    ):
        config = {"plugins": [{"file": str(so), "options": options}]}
        run = host.run("run", "-c", host.write(config))
        run.may_log("level=error")
        assert run.wait() == 1
        assert part in run.text()
        run.stop(code=1)
