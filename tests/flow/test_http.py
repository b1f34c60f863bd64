"""Everything that is no upgrade: files, and the answers for what is no file."""

import pytest
import raw

FILES = {
    "index.html": b"<!doctype html><title>front</title>",
    "style.css": b"body{}",
    "app.js": b"'use strict'",
    "data.json": b"{}",
    "icon.svg": b"<svg/>",
    "dot.png": b"\x89PNG\r\n\x1a\n",
    "a b.txt": b"blank",
    "empty.txt": b"",
    "sub/index.html": b"sub",
    "big.bin": bytes(range(256)) * 20000,
}


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "web"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder.parent / "secret.txt").write_text("secret")
    (folder / "leak.txt").symlink_to(folder.parent / "secret.txt")
    return folder


@pytest.fixture
def served(standing, web, workers):
    return standing(workers=workers, config={"static": {"/": str(web)}})


@pytest.fixture
def get(served):
    def call(path, method="GET", headers=(), body=b""):
        with served.socket() as sock:
            sock.send(raw.request(method, path, headers, body=body))
            return sock.read_response(method=method)

    return call


def test_the_front_page_is_served_and_the_stage_lives_beside_it(get, served):
    response = get("/")
    assert response.status == 200
    assert response.body == FILES["index.html"]
    with served.client("/") as client:
        assert client.ask("whoami")["stage"] == "$default"


@pytest.mark.parametrize(
    "name, kind",
    [
        ("index.html", "text/html"),
        ("style.css", "text/css"),
        ("app.js", "javascript"),
        ("data.json", "application/json"),
        ("icon.svg", "image/svg+xml"),
        ("dot.png", "image/png"),
    ],
)
def test_a_file_has_its_content_and_its_type(get, name, kind):
    response = get("/" + name)
    assert response.status == 200
    assert response.body == FILES[name]
    assert kind in response.header("content-type")


def test_a_large_file_arrives_whole(get):
    assert get("/big.bin").body == FILES["big.bin"]


def test_an_empty_file_is_a_file(get):
    response = get("/empty.txt")
    assert (response.status, response.body) == (200, b"")


def test_a_name_may_be_percent_encoded_and_have_a_query(get):
    assert get("/a%20b.txt?version=1").body == b"blank"


def test_a_folder_has_its_own_front_page(get):
    response = get("/sub/")
    assert response.status == 200
    assert response.body == b"sub"


@pytest.mark.parametrize(
    "path", ["/nowhere", "/index.html/x", "/sub/nowhere.css", "/index"]
)
def test_what_is_not_there_is_404(get, path):
    assert get(path).status in (404, 400)


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "/....//secret.txt",
        "/sub/%2e%2e/%2e%2e/secret.txt",
        "//secret.txt",
        "/./../secret.txt",
        "/index.html%00/../../secret.txt",
        "/%252e%252e/secret.txt",
        "/%00",
        "/leak.txt",
    ],
)
def test_nothing_outside_the_folder_can_be_read(get, path):
    try:
        response = get(path)
    except raw.Closed:
        return  # it does not talk to such clients
    assert b"secret" not in response.body or b"secret.txt" in response.body
    assert response.body in (*FILES.values(), b"") or response.status in (400, 403, 404)


def test_head_has_no_body(get):
    response = get("/index.html", method="HEAD")
    assert response.status == 200
    assert int(response.header("content-length")) == len(FILES["index.html"])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(get, method):
    response = get(
        "/index.html", method=method, headers=[("Content-Length", "2")], body=b"{}"
    )
    assert response.status in (400, 403, 404, 405, 501)


def test_a_connection_serves_several_requests(served):
    with served.socket() as sock:
        for name in ("index.html", "style.css", "nowhere", "app.js"):
            sock.send(raw.request("GET", "/" + name))
            response = sock.read_response()
            assert response.body == FILES.get(name, response.body)
            if (response.header("connection") or "").lower() == "close":
                pytest.skip("it closes after this answer, which it may")


def test_a_request_may_come_octet_by_octet(served):
    with served.socket() as sock:
        sock.send_slowly(raw.request("GET", "/index.html"))
        assert sock.read_response().body == FILES["index.html"]


def test_many_browsers_are_served_at_once(served):
    socks = [served.socket() for _ in range(30)]
    for sock in socks:
        sock.send(raw.request("GET", "/big.bin", [("Connection", "close")]))
    for sock in socks:
        assert sock.read_response().body == FILES["big.bin"]
        sock.drop()


def test_a_browser_may_leave_halfway(served, get):
    for _ in range(10):
        sock = served.socket(receive_buffer=4096)
        sock.send(raw.request("GET", "/big.bin"))
        sock.read(1000)
        sock.reset()
    assert get("/index.html").status == 200


def test_a_mount_covers_its_path_only(standing, web):
    served = standing(
        config={"static": {"/web": str(web)}, "stages": {"s": {"plugins": ["probe"]}}}
    )

    def status(path):
        with served.socket() as sock:
            sock.send(raw.request("GET", path))
            return sock.read_response().status

    assert status("/web/index.html") == 200
    assert status("/web/") == 200
    assert status("/index.html") in (403, 404)
    assert status("/website") in (403, 404)
    assert status("/s") == 426


def test_a_head_over_the_bound_is_refused_here_too(get):
    assert get("/index.html", headers=[("X-Long", "x" * 17000)]).status in (400, 413, 431)


def test_a_folder_that_does_not_exist_stops_the_start(host, tmp_path):
    config = host.config(config={"static": {"/": str(tmp_path / "nowhere")}})
    program = host.run("run", "-c", host.write(config))
    program.expected_exit = 1
    program.may_log(".")
    assert program.wait() == 1
    assert "nowhere" in program.text()
