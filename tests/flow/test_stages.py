"""What belongs to a stage: its variables and its API's id. The configuration is read again
while clients stay."""

import json
import os
import pathlib

import pytest


def reconfigure(host, change):
    """Have `change` edit the configuration, and the host take it over."""
    path = pathlib.Path(host.command[-1])
    whole = json.loads(path.read_text())
    change(whole)
    before = len(host.lines("event=reloaded"))
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(whole))
    os.rename(fresh, path)
    host.wait_log("event=reloaded", count=before + 1)


# -- variables


VARIABLES = {
    "stages": {
        "prod": {
            "plugins": ["probe"],
            "api_id": "a1b2c3d4e5",
            "variables": {"table": "chat \u00e4\"", "Empty": ""},
        },
        "beta": {"plugins": ["probe"]},
    }
}


def test_a_stage_has_variables_of_its_own(host):
    served = host(config=VARIABLES)
    with served.client("/prod") as client:
        answer = client.ask("event", variable="table")
        assert answer["event"]["stageVariables"] == {"table": "chat \u00e4\"", "Empty": ""}
        assert answer["event"]["requestContext"]["apiId"] == "a1b2c3d4e5"
        assert answer["variable"] == "chat \u00c3\u00a4\""  # octets
        assert client.ask("event", variable="Empty")["variable"] == ""
        assert "variable" not in client.ask("event", variable="empty")
    with served.client("/beta") as client:
        answer = client.ask("event", variable="table")
        assert "stageVariables" not in answer["event"]
        assert "variable" not in answer
        assert answer["event"]["requestContext"]["apiId"] == "jackfield0"


def test_connect_and_disconnect_have_them_too(host):
    served = host(config=VARIABLES)
    with served.client("/prod") as watcher:
        assert watcher.ask("join", group="events")["status"] == "ok"
        with served.client("/prod?event") as client:
            event = client.recv_json()
            assert event["stageVariables"]["Empty"] == ""
            client.close()
        event = watcher.recv_json()
        assert event["requestContext"]["eventType"] == "DISCONNECT"
        assert event["requestContext"]["apiId"] == "a1b2c3d4e5"
        assert event["stageVariables"]["Empty"] == ""


def test_a_reload_changes_them_for_later_events(host):
    served = host(config=VARIABLES, workers=2)

    def change(whole):
        whole["stages"]["prod"]["variables"] = {"table": "new"}
        whole["stages"]["prod"]["api_id"] = "f6g7"

    with served.client("/prod") as client:
        assert client.ask("event", variable="Empty")["variable"] == ""
        reconfigure(served, change)
        answer = client.ask("event", variable="table")
        assert answer["variable"] == "new"
        assert answer["event"]["stageVariables"] == {"table": "new"}
        assert answer["event"]["requestContext"]["apiId"] == "f6g7"
    assert not served.lines("new_instances=[1-9]")


@pytest.mark.only("c", reason="an event asked for on another thread")
def test_an_event_under_way_keeps_those_it_began_with(host):
    served = host(config=VARIABLES)

    def change_to(table):
        def change(whole):
            whole["stages"]["prod"]["variables"] = {"table": table}

        reconfigure(served, change)

    with served.client("/prod") as waiting, served.client("/prod") as other:
        waiting.tell("hang", name="door")
        other.ask("whoami")
        for table in "newer", "newest", "new":  # its router is long gone
            change_to(table)
        event = other.ask("release", name="door", event=True)["event"]
        assert event["stageVariables"]["Empty"] == ""
        assert other.ask("event", variable="table")["variable"] == "new"
