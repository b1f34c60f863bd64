"""Mutual TLS: clients that show a certificate, and those that should."""

import datetime
import hashlib
import ssl
import subprocess

import pytest
import raw

BOTH = ("gate", "probe")
REFUSED = "event=client_refused"
TIMES = "%b %e %H:%M:%S %Y GMT"


class Authority:
    """Signs what it is asked to."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.cert, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        self._run("req", "-x509", *self._new_key(self.key), "-days", "2")
        (folder / f"{name}.index").touch()
        (folder / f"{name}.cnf").write_text(
            "[ca]\ndefault_ca=d\n[d]\nunique_subject=no\nrand_serial=yes\ndefault_md=sha256\n"
            f"database={folder}/{name}.index\nnew_certs_dir={folder}\npolicy=p\n"
            "[p]\norganizationName=optional\ncommonName=supplied\n"
        )

    def _new_key(self, key, subject=None):
        return [
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8"),
            *("-subj", subject or f"/CN={self.name}", "-keyout", str(key), "-out"),
            str(key.with_suffix(".pem")),
        ]

    @staticmethod
    def _run(*command):
        subprocess.run(["openssl", *command], check=True, capture_output=True)

    def sign(self, name, *, subject=None, days=(-1, 1), usage="clientAuth"):
        """(certificate, key) of somebody, from and to so many days from now."""
        key, request = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        cert, extensions = self.folder / f"{name}.crt", self.folder / f"{name}.ext"
        now = datetime.datetime.now(datetime.timezone.utc)
        first, last = (
            (now + datetime.timedelta(day)).strftime("%Y%m%d%H%M%SZ") for day in days
        )
        extensions.write_text(f"extendedKeyUsage={usage}\n")
        self._run("req", "-new", *self._new_key(key, subject or f"/O=Example/CN={name}"))
        self._run(
            *("ca", "-batch", "-notext", "-utf8", "-config", f"{self.folder}/{self.name}.cnf"),
            *("-cert", str(self.cert), "-keyfile", str(self.key), "-in", str(request)),
            *("-out", str(cert), "-extfile", str(extensions)),
            *("-startdate", first, "-enddate", last),
        )
        return cert, key


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "ours")


@pytest.fixture(scope="module")
def other_ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("other-ca"), "theirs")


@pytest.fixture(scope="module")
def ann(ca):
    return ca.sign("ann")


@pytest.fixture(scope="module")
def wrong(ca, other_ca, ann):
    return {
        "of another authority": other_ca.sign("eve"),
        "expired": ca.sign("late", days=(-3, -1)),
        "not yet valid": ca.sign("early", days=(1, 3)),
        "a server's": ca.sign("server", usage="serverAuth"),
        "signed by a client": forge(ca, ann),
        "self-signed": (other_ca.cert, other_ca.key),
    }


def forge(ca, ann):
    """By somebody who has a certificate, but is no authority."""
    forger = Authority.__new__(Authority)
    forger.folder, forger.name, (forger.cert, forger.key) = ca.folder, ca.name, ann
    return forger.sign("forged")


@pytest.fixture
def trusting(certificate):
    """What a client brings along: its trust in the host, and its own certificate."""

    def call(mine=None, newest=ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=str(certificate[0]))
        context.maximum_version = newest
        if mine:
            context.load_cert_chain(*map(str, mine))
        return context

    return call


def config_of(certificate, ca, client):
    cert, key = certificate
    tls = {"cert": str(cert), "key": str(key), "client": client, "client_ca": str(ca.cert)}
    return {"tls": tls}


@pytest.fixture
def gate(host, certificate, ca):
    def call(client, **more):
        config = {**config_of(certificate, ca, client), **more}
        served = host(BOTH, config=config, workers=2)
        served.may_log(REFUSED)
        return served

    return call


def is_turned_away(served, context):
    """By the handshake; with TLS 1.3 a client learns that when it reads."""
    try:
        with served.socket(tls=context) as sock:
            sock.send(raw.upgrade("/"))
            sock.read_response(timeout=5)
            return False
    except (ssl.SSLError, ConnectionError, raw.Closed):
        return True


def certificate_of(event):
    return event["requestContext"]["identity"].get("clientCert")


# ---- Who comes in ------------------------------------------------------------------------

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", VERSIONS)
def test_with_a_good_one_a_client_comes_in(gate, trusting, ann, version):
    served = gate("require")
    with served.client("/", tls=trusting(ann, version)) as client:
        assert client.ask("whoami")
        cert = certificate_of(client.ask("event")["event"])
    assert cert["subjectDN"] == "CN=ann,O=Example"


@pytest.mark.parametrize("version", VERSIONS)
def test_without_one_nobody_does_if_it_is_required(gate, trusting, version):
    served = gate("require")
    assert is_turned_away(served, trusting(None, version))
    assert not served.lines(REFUSED)  # there was none to refuse


@pytest.mark.parametrize("demand", ["ask", "require"])
def test_a_wrong_one_fails_the_handshake(gate, trusting, ann, wrong, demand):
    served = gate(demand)
    for name, mine in wrong.items():
        for version in VERSIONS:
            assert is_turned_away(served, trusting(mine, version)), name
    assert served.lines(REFUSED)
    with served.client("/", tls=trusting(ann)) as client:
        assert client.ask("whoami")


def test_without_one_a_client_that_is_only_asked_comes_in(gate, trusting, ann):
    served = gate("ask")
    with served.client("/", tls=trusting()) as client:
        assert certificate_of(client.ask("event")["event"]) is None
    with served.client("/", tls=trusting(ann)) as client:
        assert certificate_of(client.ask("event")["event"])["subjectDN"] == "CN=ann,O=Example"


def test_who_is_not_asked_may_bring_any(host, certificate, trusting, wrong):
    cert, key = certificate
    served = host(BOTH, config={"tls": {"cert": str(cert), "key": str(key), "client": "off"}})
    for mine in wrong.values():
        with served.client("/", tls=trusting(mine)) as client:
            assert certificate_of(client.ask("event")["event"]) is None


@pytest.mark.parametrize("version", VERSIONS)
def test_no_session_is_resumed(gate, trusting, ann, version):
    """It would bring the certificate along without anybody looking at it again."""
    served = gate("require")
    context = trusting(ann, version)
    with served.socket(tls=context) as sock:
        sock.send(raw.upgrade("/"))
        assert sock.read_response().status == 101
        session = sock.sock.session
    assert session is None or not session.has_ticket
    if session:
        with served.socket() as plain:
            again = context.wrap_socket(
                plain.sock, server_hostname="localhost", session=session
            )
            plain.sock = again
            assert not again.session_reused


@pytest.mark.only("c", reason="it is about the host")
def test_management_needs_one_too(gate, trusting, ann):
    served = gate("require", management={"tokens": ["correct-horse-battery-staple"]})
    token = [("Authorization", "Bearer correct-horse-battery-staple")]
    assert is_turned_away(served, trusting())
    with served.socket(tls=trusting(ann)) as sock:
        sock.send(raw.request("GET", "/@connections", token))
        assert sock.read_response().status == 200


# ---- What is known of it -----------------------------------------------------------------


def test_an_event_tells_all_of_it(gate, trusting, ann):
    served = gate("require")
    with served.client("/?event", tls=trusting(ann)) as client:
        events = [client.recv_json(), client.ask("event")["event"]]
    pem = ann[0].read_text()
    der = ssl.PEM_cert_to_DER_cert(pem)
    shown = subprocess.run(
        ["openssl", "x509", "-in", str(ann[0]), "-noout", "-serial", "-startdate", "-enddate"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    said = dict(line.split("=", 1) for line in shown.splitlines())
    for event in events:
        cert = certificate_of(event)
        assert cert == {
            "clientCertPem": pem,
            "subjectDN": "CN=ann,O=Example",
            "issuerDN": "CN=ours",
            "serialNumber": cert["serialNumber"],
            "sha256Fingerprint": hashlib.sha256(der).hexdigest(),
            "validity": {"notBefore": said["notBefore"], "notAfter": said["notAfter"]},
        }
        assert cert["serialNumber"].replace(":", "").upper() == said["serial"]


def test_an_authorizer_goes_by_it(gate, trusting, ann):
    served = gate("ask")
    print_of_it = hashlib.sha256(ssl.PEM_cert_to_DER_cert(ann[0].read_text())).hexdigest()
    with served.client("/?cert", tls=trusting(ann)) as client:
        assert client.ask("get", key="authorizer.principalId")["value"] == "CN=ann,O=Example"
        assert client.ask("get", key="authorizer.fingerprint")["value"] == print_of_it
        who = {"key": "authorizer.fingerprint", "value": print_of_it}
        client.json(action="kick", **who, code=4001, quiet=True)
        client.expect_close(4001)
    with pytest.raises(raw.Refused) as caught:
        served.client("/?cert", tls=trusting())
    assert caught.value.response.status == 403


def test_what_a_disconnect_tells(gate, trusting, ann):
    served = gate("require")
    with served.client("/", tls=trusting(ann)) as watcher:
        watcher.ask("join", group="events")
        with served.client("/", tls=trusting(ann)) as client:
            client.id  # noqa: B018
        event = watcher.recv_json()
    assert event["requestContext"]["eventType"] == "DISCONNECT"
    assert certificate_of(event)["subjectDN"] == "CN=ann,O=Example"


@pytest.mark.parametrize(
    "subject, expected",
    [
        ("/O=a, b\\+c/CN=x", "CN=x,O=a\\, b\\+c"),
        ("/CN=Jörg", "CN=J\\C3\\B6rg"),
        ('/CN=quote " and <x>', 'CN=quote \\" and \\<x\\>'),
        ("/CN=#hash", "CN=\\#hash"),
    ],
)
def test_names_are_written_as_rfc_2253_has_them(gate, trusting, ca, subject, expected):
    served = gate("require")
    somebody = ca.sign(f"s{abs(hash(subject))}", subject=subject)
    with served.client("/", tls=trusting(somebody)) as client:
        assert certificate_of(client.ask("event")["event"])["subjectDN"] == expected


# ---- What is not used --------------------------------------------------------------------


@pytest.mark.only("c", reason="it is about the host")
@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERTIFICATE-----\nnone\n"])
def test_a_file_without_authorities_is_an_error(host, certificate, ca, tmp_path, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    config = config_of(certificate, ca, "require")
    config["tls"]["client_ca"] = str(file)
    program = host.run("run", "-c", host.write(host.config(BOTH, config)))
    program.expected_exit = 1
    program.may_log(".")
    assert program.wait() == 1
    assert f"tls.client_ca: {file}: " in program.text()
