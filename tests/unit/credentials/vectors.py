#!/usr/bin/python3
"""Records signed requests for test_sigv4_vectors.c: `vectors.py` writes suite_vectors.h and
client_vectors.h beside itself, formatted.

The first has AWS's published test suite for Signature Version 4: the requests as facts, the
signatures as published, and each of them computed again by botocore. The second has requests
of real clients, caught on the wire: boto3's client for the management API, botocore's other
signers, curl. Needs Debian's python3-botocore, curl and clang-format; the tests need none."""

import datetime
import http.server
import pathlib
import subprocess
import threading

import botocore.auth
import botocore.session
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

HERE = pathlib.Path(__file__).parent
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SUITE_TIME = datetime.datetime(2015, 8, 30, 12, 36)
HOST = ("Host", "example.amazonaws.com")
DATE = ("X-Amz-Date", "20150830T123600Z")
FORM = "application/x-www-form-urlencoded"
STS = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxf"
    "pSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPky"
    "QDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
    "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)
UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# name, method, target, headers, body, signature as published
SUITE = [
    ("get-vanilla", "GET", "/", [], "",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("get-vanilla-empty-query-key", "GET", "/?Param1=value1", [], "",
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
    ("get-vanilla-query-order-key", "GET", "/?Param1=value2&Param1=Value1", [], "",
     "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"),
    ("get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", [], "",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    ("get-vanilla-query-order-value", "GET", "/?Param1=value2&Param1=value1", [], "",
     "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"),
    ("get-vanilla-query-unreserved", "GET", f"/?{UNRESERVED}={UNRESERVED}", [], "",
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
    ("get-vanilla-utf8-query", "GET", "/?\u1234=bar", [], "",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
    ("get-unreserved", "GET", "/" + UNRESERVED, [], "",
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
    ("get-utf8", "GET", "/\u1234", [], "",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    ("get-header-key-duplicate", "GET", "/",
     [("My-Header1", v) for v in ("value2", "value2", "value1")], "",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
    ("get-header-value-multiline", "GET", "/",
     [("My-Header1", v) for v in ("value1", "value2", "value3")], "",
     "ba17b383a53190154eb5fa66a1b836cc297cc0a3d70a5d00705980573d8ff790"),
    ("get-header-value-order", "GET", "/",
     [("My-Header1", v) for v in ("value4", "value1", "value3", "value2")], "",
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
    ("get-header-value-trim", "GET", "/",
     [("My-Header1", " value1"), ("My-Header2", ' "a   b   c"')], "",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    ("get-slash", "GET", "//", [], "",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("get-slash-dot-slash", "GET", "/./", [], "",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("get-slash-pointless-dot", "GET", "/./example", [], "",
     "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
    ("get-slashes", "GET", "//example//", [], "",
     "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
    ("get-relative", "GET", "/example/..", [], "",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("get-relative-relative", "GET", "/example1/example2/../..", [], "",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("get-space", "GET", "/example space/", [], "",
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
    ("post-vanilla", "POST", "/", [], "",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ("post-vanilla-query", "POST", "/?Param1=value1", [], "",
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
    ("post-header-key-sort", "POST", "/", [("My-Header1", "value1")], "",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
    ("post-header-value-case", "POST", "/", [("My-Header1", "VALUE1")], "",
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
    ("post-sts-header-before", "POST", "/", [("X-Amz-Security-Token", STS)], "",
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"),
    ("post-sts-header-after", "POST", "/", [("!X-Amz-Security-Token", STS)], "",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ("post-x-www-form-urlencoded", "POST", "/", [("Content-Type", FORM)], "Param1=value1",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ("post-x-www-form-urlencoded-parameters", "POST", "/",
     [("Content-Type", FORM + "; charset=utf8")], "Param1=value1",
     "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"),
]  # fmt: skip


class Frozen(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return SUITE_TIME


def sign(signer, request):
    real = botocore.auth.datetime.datetime
    botocore.auth.datetime.datetime = Frozen
    try:
        signer.add_auth(request)
    finally:
        botocore.auth.datetime.datetime = real
    return request


def suite_vectors():
    for name, method, target, headers, body, published in SUITE:
        url = "https://example.amazonaws.com" + target
        request = AWSRequest(method=method, url=url, data=body.encode())
        for key, value in headers:
            if not key.startswith("!"):
                request.headers[key] = value
        # Not in a URL of the suite's, but botocore signs a query as it stands.
        request.url = url.replace("?\u1234", "?%E1%88%B4")
        signer = botocore.auth.SigV4Auth(Credentials(KEY, SECRET), "service", "us-east-1")
        authorization = sign(signer, request).headers["Authorization"]
        assert authorization.endswith("Signature=" + published), name
        sent = [HOST] + [(key.lstrip("!"), value) for key, value in headers] + [DATE]
        yield name, method, target, sent + [("Authorization", authorization)], body.encode()


# ---- Clients ---------------------------------------------------------------


class Catcher(http.server.BaseHTTPRequestHandler):
    """Answers anything with an empty object, and keeps what came."""

    def catch(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.caught = (self.command, self.path, self.headers.items(), body)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_DELETE = catch

    def log_message(self, *_):
        pass


def with_boto3(server, path, operation, **arguments):
    """The client for the management API, from its model to the socket."""
    client = botocore.session.get_session().create_client(
        "apigatewaymanagementapi",
        endpoint_url=f"http://127.0.0.1:{server.server_port}{path}",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name="eu-central-1",
    )
    getattr(client, operation)(**arguments)
    return server.caught


def with_curl(server, target, *arguments):
    url = f"http://127.0.0.1:{server.server_port}{target}"
    scope = "aws:amz:us-east-1:execute-api"
    command = ["curl", "-sf", "--aws-sigv4", scope, "--user", f"{KEY}:{SECRET}"]
    subprocess.run([*command, *arguments, url], check=True, stdout=subprocess.DEVNULL)
    return server.caught


def with_signer(signer, method, target, body=b"", headers=(), token=None, **context):
    """Other signers of botocore, at the suite's time."""
    kind, arguments = signer
    request = AWSRequest(
        method=method, url="https://gateway.example:8443" + target, data=body
    )
    request.context.update(context)
    for key, value in headers:
        request.headers[key] = value
    credentials = Credentials(KEY, SECRET, token)
    made = kind(credentials, "execute-api", "us-east-1", **arguments)
    sign(made, request)
    sent = [("Host", "gateway.example:8443"), *request.headers.items()]
    return method, request.url.split(":8443", 1)[1], sent, body


def client_vectors(server):
    v4 = botocore.auth.SigV4Auth, {}
    once = botocore.auth.S3SigV4Auth, {}
    query = botocore.auth.SigV4QueryAuth, {"expires": 60}
    post = "/production/@connections/L0SM9cOFvHcCIhw%3D"
    escaped = "/production/%40connections/L0SM9cOFvHcCIhw%3D"
    id_ = {"ConnectionId": "L0SM9cOFvHcCIhw="}
    yield "boto3-post", with_boto3(
        server, "/production", "post_to_connection", Data=b'{"hello":"\xc3\xa4"}', **id_
    )
    yield "boto3-get", with_boto3(server, "/production", "get_connection", **id_)
    yield "boto3-delete", with_boto3(server, "/production", "delete_connection", **id_)
    yield "boto3-trailing-slash", with_boto3(server, "/production/", "get_connection", **id_)
    yield "boto3-root", with_boto3(server, "", "get_connection", **id_)
    yield "boto3-default-stage", with_boto3(server, "/$default", "get_connection", **id_)
    yield "boto3-empty-body", with_boto3(
        server, "/p", "post_to_connection", Data=b"", **id_
    )
    data = ("-H", "Content-Type: text/plain", "--data-binary", "hello")
    yield "curl-post", with_curl(server, escaped, *data)
    yield "curl-delete", with_curl(server, escaped, "-X", "DELETE")
    yield "raw-at", with_signer(v4, "POST", post, b"hello")
    yield "escaped-at", with_signer(v4, "POST", escaped, b"hello")
    yield "bare-equals", with_signer(v4, "POST", post.replace("%3D", "="), b"hello")
    yield "two-slashes", with_signer(v4, "POST", "/production/" + post[11:], b"hello")
    yield "encoded-once", with_signer(once, "POST", escaped, b"hello")
    yield "unsigned-payload", with_signer(
        v4, "POST", post, b"hello", payload_signing_enabled=False
    )
    yield "session-token", with_signer(v4, "POST", post, b"hello", token=STS)
    yield "date-header", with_signer(v4, "POST", post, b"hello", [("Date", "now")])
    group = "/production/@groups/caf%C3%A9%20%2F%20bar?limit=10&cursor=a%2Bb%2F%3D&flag"
    yield "query", with_signer(v4, "GET", group)
    yield "query-as-sent", with_signer(
        v4, "GET", "/production/@connections?group=a,b:c@d&cursor=a+b/="
    )
    yield "presigned", with_signer(query, "GET", post)
    yield "presigned-token", with_signer(query, "GET", post, token=STS)
    yield "presigned-query", with_signer(query, "GET", group)


# ---- Writing ---------------------------------------------------------------


def c_string(octets):
    """A literal; a new one after each escape, lest a digit that follows belong to it."""
    text = ""
    for octet in octets:
        char = chr(octet)
        if char in '"\\':
            text += "\\" + char
        elif 32 <= octet < 127:
            text += char
        else:
            text += f'\\x{octet:02x}" "'
    return f'"{text}"'


def c_vector(name, method, target, headers, body):
    path, _, query = target.encode().partition(b"?")
    pairs = ", ".join(
        f"{{ {c_string(key.encode())}, {c_string(value.encode())} }}"
        for key, value in headers
        if key != "User-Agent"  # is not signed, and tells of the machine
    )
    return (
        f"{{ .name = {c_string(name.encode())}, .method = {c_string(method.encode())}, "
        f".path = {c_string(path)}, .query = {c_string(query)}, "
        f".headers = {{ {pairs} }}, .body = {c_string(body)} }},\n"
    )


def write(file, about, array, vectors):
    guard = "JF_TEST_" + file.replace(".", "_").upper()
    text = f"/* {about} Written by vectors.py. */\n#ifndef {guard}\n#define {guard}\n\n"
    text += '#include "tests/unit/credentials/vector.h"\n\n'
    text += f"static const struct vector {array}[] = {{\n"
    text += "".join(c_vector(*vector) for vector in vectors)
    (HERE / file).write_text(text + "};\n\n#endif\n", encoding="utf-8")
    subprocess.run(["clang-format", "-i", str(HERE / file)], check=True)


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Catcher)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    about = "AWS's published test suite for Signature Version 4."
    write("suite_vectors.h", about, "suite_vectors", suite_vectors())
    about = "Requests that clients signed, as they came."
    clients = ((name, *caught) for name, caught in client_vectors(server))
    write("client_vectors.h", about, "client_vectors", clients)
    server.shutdown()


if __name__ == "__main__":
    main()
