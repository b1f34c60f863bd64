"""soak_nodes.py for a short while, under whatever sanitizer there is."""

import pytest
from nodes import RedisServer
from soak_nodes import Soak


@pytest.mark.only("c", reason="it takes its time, and is about the host")
def test_all_is_as_it_should_be_while_nodes_are_killed(host, tmp_path):
    server = RedisServer(tmp_path)
    try:
        soak = Soak(host, server, seconds=20, seed=1, between=8).run()
    finally:
        server.kill()
    report = "\n".join(soak.report())
    assert not soak.book.problems, report
    # It has seen something.
    assert soak.counts["nodes killed"] > 0 and soak.counts["calls"] > 500, report
    assert soak.verdict.counts["once"] > 100, report
