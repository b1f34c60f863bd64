"""examples/login: a page that logs in, in a real browser; and the door without one."""

import json
import random
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

import conftest
import pytest
import raw
from selenium.webdriver.common.by import By
from test_browser import Page, browser  # noqa: F401: a fixture

pytestmark = pytest.mark.only("lua", reason="its room is a script")

EXAMPLE = conftest.ROOT / "examples/login"


def free_port():
    """Below those that the system hands out by itself: it stays free until it is used."""
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Login:
    """login.py, and a host as login.json has it; both at ports of their own."""

    def __init__(self, folder, seconds):
        self.port, self.room = free_port(), free_port()
        self.folder = folder / "login"
        shutil.copytree(EXAMPLE, self.folder, ignore=shutil.ignore_patterns("*.key"))
        for name in ("login.json", "web/index.html"):
            self.rewrite(name)
        self.service = subprocess.Popen(
            [sys.executable, "-B", self.folder / "login.py", "--port", str(self.port)]
            + ["--page", f"http://127.0.0.1:{self.room}", "--seconds", str(seconds)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def open(self, host, change):
        assert b"tokens at" in self.service.stdout.readline()
        path = self.folder / "login.json"
        path.write_text(change(path.read_text()))
        self.served = host.run("run", "-c", path).ready()

    def rewrite(self, name):
        """What the files say of ports and folders is where the test has them."""
        path = self.folder / name
        text = path.read_text().replace("8080", str(self.room))
        text = text.replace("8090", str(self.port))
        text = text.replace("examples/login/login.key", str(self.folder / "login.key"))
        path.write_text(text)

    def ask(self, name, password):
        body = urllib.parse.urlencode({"name": name, "password": password}).encode()
        url = f"http://127.0.0.1:{self.port}/"
        with urllib.request.urlopen(url, body, timeout=10) as answer:
            return json.load(answer)["token"]

    def client(self, *offered, origin=None):
        headers = [("Origin", origin)] if origin else []
        return self.served.client("/", headers, protocols=", ".join(offered))

    def stop(self):
        self.service.terminate()
        self.service.wait(10)
        self.service.stdout.close()


@pytest.fixture
def login(host, build, tmp_path):
    if not (build / "plugins/jwt.so").exists():
        pytest.skip("the plugin for tokens is not built")
    started = []

    def start(seconds=600, change=lambda text: text):
        started.append(Login(tmp_path, seconds))
        started[0].open(host, change)
        return started[0]

    yield start
    for one in started:
        one.stop()


def is_refused(status, connect):
    with pytest.raises(raw.Refused) as refused:
        connect()
    assert refused.value.response.status == status


# -- in a browser


class Visitor(Page):
    def fill(self, name, text):
        with self:
            self.driver.find_element(By.ID, name).send_keys(text)

    def press(self, selector):
        with self:
            self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def log_in(self, name, password):
        self.fill("name", name)
        self.fill("password", password)
        self.press("#login [type=submit]")

    def becomes(self, state):
        self.wait(lambda page: page.state() == state)
        return self.text()


def visit(login, driver, new=False):
    return Visitor(driver, f"http://127.0.0.1:{login.room}/", new)


def test_who_logs_in_is_known_to_all_and_who_does_not_stays_out(login, browser):
    place = login()
    ann, bob = visit(place, browser), visit(place, browser, new=True)
    ann.press("#without")
    assert "Refused" in ann.becomes("refused")

    ann.log_in("ann", "guess")
    ann.hears("name or password are wrong")
    assert ann.state() == "out"

    with ann:
        browser.find_element(By.ID, "name").clear()
    ann.log_in("ann", "sesame")
    assert "You are Ann" in ann.becomes("open")
    ann.errors()  # so far the browser complained of what was refused
    bob.log_in("bob", "swordfish")
    assert "You are Bob" in bob.becomes("open")

    ann.say("hello from Ann")
    bob.hears("Ann: hello from Ann")
    bob.say("<b>hello</b>")
    ann.hears("Bob: <b>hello</b>")
    assert not ann.errors() + bob.errors()

    ann.press("#leave")
    assert "You have left" in ann.becomes("out")


def test_a_page_whose_token_has_expired_logs_in_again(login, browser):
    def at_once(text):
        return text.replace('"claims"', '"leeway_s": 0, "grace_s": 0, "claims"')

    page = visit(login(seconds=4, change=at_once), browser)
    page.log_in("ann", "sesame")
    page.becomes("open")
    assert "has expired" in page.becomes("out")
    page.log_in("", "sesame")  # the name is still there
    assert "You are Ann" in page.becomes("open")


# -- without one


def test_the_token_is_the_only_way_in(login):
    place = login()
    token = place.ask("ann", "sesame")
    page = f"http://127.0.0.1:{place.room}"
    with place.client("jackfield.jwt", token, "room.v1", origin=page) as client:
        assert client.response.header("sec-websocket-protocol") == "room.v1"
        assert client.recv_json()["name"] == "Ann"
    is_refused(401, lambda: place.client("room.v1"))
    is_refused(401, lambda: place.client("jackfield.jwt", token[:-2], "room.v1"))
    is_refused(401, lambda: place.served.client(f"/?token={token}"))
    other = "http://evil.example"
    is_refused(403, lambda: place.client("jackfield.jwt", token, "room.v1", origin=other))


def test_a_client_cannot_speak_in_anothers_name(login):
    place = login()
    with place.client("jackfield.jwt", place.ask("bob", "swordfish")) as bob:
        bob.recv_json()
        bob.json(action="say", text="hello", **{"from": "Ann", "name": "Ann"})
        assert bob.recv_json() == {"type": "said", "from": "Bob", "text": "hello"}
        bob.json(action="say", text=5)
        assert bob.recv_json()["message"] == "Bad request body"


@pytest.mark.parametrize(
    "name, password",
    [("ann", "swordfish"), ("ann", ""), ("eve", ""), ("", ""), ("eve", "sesame")],
)
def test_the_login_hands_nothing_to_others(login, name, password):
    with pytest.raises(urllib.error.HTTPError) as refused:
        login().ask(name, password)
    assert refused.value.code == 403
    assert "token" not in refused.value.read().decode()


def test_its_key_is_long_and_nobody_elses(login):
    key = login().folder / "login.key"
    assert len(key.read_bytes()) == 32
    assert key.stat().st_mode & 0o077 == 0


def test_its_files_say_where_each_other_is():
    config = (EXAMPLE / "login.json").read_text()
    html = (EXAMPLE / "web/index.html").read_text()
    script = (EXAMPLE / "login.py").read_text()
    room = re.search(r'"origins": \["(\S+?)"\]', config)[1]
    assert f'default="{room}"' in script
    assert room.replace("http", "ws") in html
    assert html.count("http://127.0.0.1:8090") == 2 and "default=8090" in script
