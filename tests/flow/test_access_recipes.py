"""What docs/access.md shows works as it is written there."""

import json
import os
import random
import re
import shutil
import socket
import ssl
import subprocess
import time

import conftest
import pytest
import raw
from test_jwt import text_of

PAGE = (conftest.ROOT / "docs/access.md").read_text()

pytestmark = pytest.mark.only("lua", reason="the page has one script, and it is in Lua")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)


def block(language, part):
    (found,) = [text for text in blocks(language) if part in text]
    return found


def openssl(*arguments, **how):
    return subprocess.run(
        ["openssl", *map(str, arguments)], check=True, capture_output=True, **how
    ).stdout


@pytest.mark.parametrize("text", blocks("json"), ids=lambda text: text.split('"')[1])
def test_configurations_are_some(host, text):
    run = host.run("check", "-c", host.write(text))
    assert run.wait() == 0, run.text()


# -- API keys


def test_a_sensor_comes_in_by_its_api_key(host):
    whole = json.loads(block("json", "sensor-7"))
    whole["stages"]["prod"]["plugins"] = ["probe"]
    served = host(config=whole)
    for key, status in (("jjRqSvLGrqM0Yb8sNk5XwTQe", 101), ("q7Vd2mXwR9sLk4TbPz6NhYcE", 101)):
        with served.client("/prod", headers=[("x-api-key", key)], expect=status) as client:
            assert client.ask("get", key="apiKeyId")["value"].startswith("sensor-")
    with served.socket() as sock:
        sock.send(raw.upgrade("/prod"))
        assert sock.read_response().status == 403


# -- a device


def device_token(key, folder, **claims):
    header = {"alg": "EdDSA", "kid": "device-7"}
    claims = {"sub": "device-7", "aud": "devices", "exp": int(time.time()) + 60, **claims}
    signed = ".".join(text_of(json.dumps(part).encode()) for part in (header, claims))
    file = folder / "signed"
    file.write_text(signed)
    mac = openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", file)
    return f"{signed}.{text_of(mac)}"


def test_a_device_comes_in_by_its_own_key(host, build, tmp_path):
    if not (build / "plugins/jwt.so").exists():
        pytest.skip("the plugin for tokens is not built")
    for name in ("device", "other"):
        key = tmp_path / f"{name}.key"
        openssl("genpkey", "-algorithm", "ed25519", "-out", key)
    public = tmp_path / "device.pem"
    openssl("pkey", "-in", tmp_path / "device.key", "-pubout", "-out", public)
    stages = json.loads(block("json", "device-7"))["stages"]
    stage = stages["devices"]
    stage["plugins"][0]["file"] = str(build / "plugins/jwt.so")
    stage["plugins"][0]["options"]["keys"][0]["file"] = str(public)
    stage["plugins"][1] = "probe"
    served = host(config={"stages": stages})

    def status(*headers):
        with served.socket() as sock:
            sock.send(raw.upgrade("/devices", headers))
            return sock.read_response().status

    def bearer(key):
        token = device_token(tmp_path / key, tmp_path)
        return ("Authorization", f"Bearer {token}")

    assert status() == 401
    assert status(bearer("other.key")) == 401
    with served.client("/devices", [bearer("device.key")]) as client:
        name = client.ask("get", key="authorizer.principalId")["value"]
        assert name == "device-7"


# -- a server with a certificate

NGINX = """
daemon off; master_process off; error_log stderr crit; pid {folder}/nginx.pid;
events {{ }}
http {{
    access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
    fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {cert}; ssl_certificate_key {key};
        {recipe}
    }}
}}
"""


def authority(folder):
    """An authority, and a client that has a certificate of it."""
    ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    ca = ["-CA", folder / "ca.pem", "-CAkey", folder / "ca.key"]
    for name, more in (("ca", ["-x509", "-days", "1"]), ("client", [])):
        out = ["-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"]
        openssl("req", *ec, *more, "-subj", f"/CN={name}", *out)
    request = (folder / "client.pem").read_bytes()
    signed = openssl("x509", "-req", "-days", "1", *ca, "-set_serial", "1", input=request)
    (folder / "client.pem").write_bytes(signed)


@pytest.fixture
def proxy(certificate, tmp_path):
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if not nginx:
        pytest.skip("nginx is not installed")
    authority(tmp_path)
    running = []

    def start(to):
        cert, key = certificate
        port = random.randrange(20000, 30000)
        recipe = block("nginx", "ssl_verify_client").replace("8080", str(to))
        recipe = recipe.replace("/etc/jackfield/clients-ca.pem", str(tmp_path / "ca.pem"))
        # Without one the handler refuses, so that it is the one that is tested.
        recipe = recipe.replace("ssl_verify_client on", "ssl_verify_client optional")
        text = NGINX.format(folder=tmp_path, port=port, cert=cert, key=key, recipe=recipe)
        (tmp_path / "nginx.conf").write_text(text)
        command = [nginx, "-p", tmp_path, "-c", tmp_path / "nginx.conf"]
        running.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        conftest.eventually(lambda: is_open(port))
        return port

    yield start
    for one in running:
        one.kill()
        one.wait(10)


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_server_is_known_by_its_certificate(host, plugin, proxy, certificate, tmp_path):
    config = json.loads(block("json", "certificate.lua"))
    (tmp_path / "certificate.lua").write_text(block("lua", "-- certificate.lua"))
    config["listen"]["port"] = 0
    config["stages"]["servers"]["plugins"] = ["certificate.lua", plugin("probe")]
    port = proxy(host.run("run", "-c", host.write(config)).ready().port)
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    forged = [("X-Client-Verify", "SUCCESS"), ("X-Client-Subject", "CN=eve")]
    with pytest.raises(raw.Refused) as refused:
        raw.Client(port, "/servers", forged, tls=trust)
    assert refused.value.response.status == 401

    trust.load_cert_chain(tmp_path / "client.pem", tmp_path / "client.key")
    with raw.Client(port, "/servers", forged, tls=trust) as client:
        name = client.ask("get", key="authorizer.principalId")["value"]
        assert name == "CN=client"
        assert len(client.ask("get", key="authorizer.fingerprint")["value"]) == 40
