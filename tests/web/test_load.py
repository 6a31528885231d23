"""The benchmark of the service: it asks what it says, and counts what it got."""

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from page_service import served

sys.path.append(str(Path(__file__).parents[2]))

from benchmarks import service
from benchmarks._clients import Answer, Client
from benchmarks.service import Load


@pytest.mark.skipif(sys.platform != "linux", reason="memory of a process is read from /proc")
def test_two_clients_are_answered_for_two_seconds() -> None:
    with served(generator=False) as home:
        done = service.load(home.removeprefix("http://"), os.getpid(), clients=2, seconds=2.0)
    assert done.strange == {}
    told = done.to_dict()
    assert told["seconds"] >= 2
    assert told["statuses"]["200"] > 4
    asked = told["requests"]
    assert asked["all"]["answered"] == sum(told["statuses"].values())
    assert asked["search"]["p50 ms"] <= asked["search"]["p99 ms"]
    assert told["memory MiB"]["end"] > 10


def test_a_client_asks_for_everything() -> None:
    with served(generator=False) as home:
        client = Client(home.removeprefix("http://"), ["none"], until=0, seed=0)
        client.search()
        client.upload()
        client.joints()
        client.export()
        client.close()
    kinds = [(answer.kind, answer.status) for answer in client.answers]
    found = [("search", "200"), ("upload", "201"), ("search by clip", "200")]
    assert kinds == [*found, ("joints", "404"), ("export", "404")]


def test_an_answer_that_is_none_is_noted() -> None:
    client = Client("127.0.0.1:9", ["a"], until=0, seed=0)
    client.joints()
    assert [answer.status for answer in client.answers] == ["ConnectionRefusedError"]


class Broken(BaseHTTPRequestHandler):
    """Answers 500 to everything."""

    def do_GET(self) -> None:
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def test_a_server_that_breaks_is_seen() -> None:
    with HTTPServer(("127.0.0.1", 0), Broken) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        client = Client(f"127.0.0.1:{server.server_port}", ["a"], until=0, seed=0)
        client.joints()
        client.close()
        thread.join()
    assert Load(1.0, client.answers, [(0.0, 1.0)]).strange == {"500": 1}


def test_figures_are_what_they_are_called() -> None:
    answers = [Answer("search", "200", n / 1000) for n in range(101)] + [Answer("a", "429", 9.0)]
    memory = [(float(at), 100.0 + at / 60) for at in range(11)]
    told = Load(10.0, answers, memory).to_dict()
    spent = told["requests"]["search"]
    assert (spent["p50 ms"], spent["p95 ms"], spent["p99 ms"]) == pytest.approx((50, 95, 99))
    assert spent["per second"] == pytest.approx(10.1)
    assert told["requests"]["a"] == {"answered": 0}
    assert told["memory MiB"]["a minute"] == pytest.approx(1)
    assert Load(10.0, answers, memory).strange == {}


def test_a_server_that_does_not_start_is_told() -> None:
    with (
        pytest.raises(RuntimeError, match="`moclip serve` ended with 2"),
        service.served(["--host", "0.0.0.0"]),
    ):
        pass
