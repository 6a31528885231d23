"""The service, asked through the application itself: a tiny model, a library of a few walks."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import doubles
import numpy as np
import pytest
import torch

from moclip import formats

pytest.importorskip("lancedb")
pytest.importorskip("fastapi")

from starlette.testclient import TestClient

from moclip.tasks.library import changing
from moclip.tasks.library.store import Library
from moclip.web.app import create_app
from moclip.web.service import Service
from moclip.web.settings import Limits

HOME = "http://localhost"
LIMITS = Limits(body=5000, upload=200_000, seconds=8, shelf=3, patience=2)


def service_in(folder: Path, limits: Limits = LIMITS) -> Service:
    """Six walks of growing speed in two folders."""
    for number in range(6):
        place = folder / "clips" / ("slow" if number < 3 else "fast") / f"walk{number}.npz"
        formats.write(doubles.walk(0.3 * number, frames=40 + number), place)
    model = doubles.model()
    library = Library.create(folder / "walks.index", model)
    changing.add_files(library, model, [folder / "clips"])
    return Service(library, model, limits=limits)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return service_in(tmp_path_factory.mktemp("service"))


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[TestClient]:
    with TestClient(create_app(service), base_url=HOME) as client:
        yield client


@pytest.fixture
def some(client: TestClient) -> dict[str, Any]:
    return client.get("/api/clips", params={"limit": 1}).json()["clips"][0]


def test_search_gives_the_models_cosines(client: TestClient, service: Service) -> None:
    found = client.post("/api/search", json={"query": "walk far", "k": 3}).json()["hits"]
    assert len(found) == 3
    model = service.model
    for hit in found:
        motion = service.library.motion(hit["clip"]["id"])
        with torch.no_grad():
            cosine = float(model.similarity(motion, "walk far"))
        assert hit["score"] == pytest.approx(cosine, abs=1e-3)
    assert [h["score"] for h in found] == sorted((h["score"] for h in found), reverse=True)


def test_a_clip_does_not_find_itself(client: TestClient, some: dict[str, Any]) -> None:
    found = client.post("/api/search", json={"clip": some["id"], "k": 6}).json()["hits"]
    assert len(found) == 5
    assert some["id"] not in [hit["clip"]["id"] for hit in found]


def test_filters_narrow_a_search(client: TestClient) -> None:
    asked = {"query": "walk", "filter": {"folder": "fast", "min_seconds": 2.2}}
    found = client.post("/api/search", json=asked).json()["hits"]
    assert {hit["clip"]["path"] for hit in found} == {"fast/walk4.npz", "fast/walk5.npz"}


def test_joints_come_as_documented(
    client: TestClient, service: Service, some: dict[str, Any]
) -> None:
    answer = client.get(f"/api/clips/{some['id']}")
    magic, frames, joints, fps = struct.unpack_from("<4sIIf", answer.content)
    assert (magic, frames, joints, fps) == (b"MOJ1", some["frames"], 22, 20.0)
    assert answer.headers["X-Moclip-Frames"] == str(frames)
    numbers = np.frombuffer(answer.content, "<f4", offset=16).reshape(frames, joints, 3)
    np.testing.assert_allclose(numbers, service.library.motion(some["id"]).joints, atol=1e-6)


def test_an_upload_is_played_searched_with_and_exported(client: TestClient, tmp_path: Path) -> None:
    formats.write(doubles.walk(1.5), tmp_path / "mine.npz")
    file = {"file": ("../../mine.npz", (tmp_path / "mine.npz").read_bytes())}
    answer = client.post("/api/uploads", files=file)
    assert (answer.status_code, answer.json()["title"]) == (201, "mine.npz")
    clip = answer.json()["id"]
    assert client.get(f"/api/clips/{clip}").content[:4] == b"MOJ1"
    best = client.post("/api/search", json={"clip": clip, "k": 1}).json()["hits"][0]
    assert best["score"] > 0.99
    assert best["clip"]["path"] == "fast/walk5.npz"
    (tmp_path / "back.bvh").write_bytes(client.get(f"/api/export/{clip}.bvh").content)
    assert formats.read(tmp_path / "back.bvh").duration == pytest.approx(2.0)


def test_the_oldest_upload_makes_room(client: TestClient, tmp_path: Path) -> None:
    formats.write(doubles.walk(1.5), tmp_path / "mine.npz")
    data = (tmp_path / "mine.npz").read_bytes()
    ids = [
        client.post("/api/uploads", files={"file": ("mine.npz", data)}).json()["id"]
        for _ in range(4)
    ]
    codes = [client.get(f"/api/clips/{id}").status_code for id in ids]
    assert codes == [404, 200, 200, 200]


@pytest.mark.parametrize("suffix", ["bvh", "npz", "glb", "csv"])
def test_every_export_is_read_again(
    client: TestClient, some: dict[str, Any], suffix: str, tmp_path: Path
) -> None:
    answer = client.get(f"/api/export/{some['id']}.{suffix}")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    place = tmp_path / f"clip.{suffix}"
    place.write_bytes(answer.content)
    assert formats.read(place).duration == pytest.approx(some["seconds"], abs=0.06)


def test_words_and_rewordings_move_ranks(client: TestClient) -> None:
    asked = {"prompt": "walk far", "typed": "walk far", "attacks": ["typos"], "k": 3}
    told = client.post("/api/attack", json=asked).json()
    assert [word["word"] for word in told["words"]] == ["walk", "far"]
    attack, typed = told["outcomes"]
    assert (typed["kind"], typed["ranks"]) == ("typed", [1, 2, 3])
    assert typed["degrees"] == pytest.approx(0, abs=0.1)
    ids = [hit["clip"]["id"] for hit in attack["hits"]]
    first = [hit["clip"]["id"] for hit in told["hits"]]
    assert all(
        ids.index(id) + 1 == r for id, r in zip(first, attack["ranks"], strict=True) if r < 4
    )


def test_the_map_has_every_clip_within_its_frame(client: TestClient) -> None:
    told = client.get("/api/map").json()
    assert len(told["points"]) == told["total"] == 6
    assert max(abs(p[axis]) for p in told["points"] for axis in "xy") == pytest.approx(1)
    assert 0 < sum(told["explained"]) <= 1 + 1e-6


def test_vectors_are_the_models(client: TestClient, service: Service, some: dict[str, Any]) -> None:
    told = client.post("/api/encode", json={"captions": ["a walk"], "clips": [some["id"]]}).json()
    with torch.no_grad():
        text = service.model.encode_text("a walk")[0]
    assert told["captions"][0] == pytest.approx(text.tolist(), abs=1e-5)
    stored = service.library.vector(some["id"])
    assert told["clips"][0] == pytest.approx(stored.tolist(), abs=1e-6)


@pytest.mark.parametrize("way", ["generate", "edit", "interpolate"])
def test_without_a_generator_making_is_a_conflict(client: TestClient, way: str) -> None:
    one = {"prompt": "walk"}
    asked = {"generate": one, "edit": {"base": one, "from": one, "to": one}}
    answer = client.post(f"/api/{way}", json=asked.get(way, {"one": one, "other": one}))
    assert (answer.status_code, "--generator" in answer.json()["detail"]) == (409, True)


WRONG = [
    (
        "post",
        "/api/search",
        {"content": b"{", "headers": {"content-type": "application/json"}},
        400,
    ),
    ("post", "/api/search", {"json": {"query": " "}}, 422),
    ("post", "/api/search", {"json": {"query": "a", "k": 0}}, 422),
    ("post", "/api/search", {"json": {"query": "a", "colour": 1}}, 422),
    ("post", "/api/search", {"json": {"clip": "nobody"}}, 404),
    ("post", "/api/search", {"json": {"query": "a" * 6000}}, 413),
    ("post", "/api/attack", {"json": {"prompt": "a", "attacks": ["rocket"]}}, 422),
    ("get", "/api/clips/..%2f..%2fetc%2fpasswd", {}, 404),
    ("get", "/api/clips/a.b", {}, 422),
    ("get", "/..%2f..%2fapp.py", {}, 404),
    ("get", "/api/export/none.bvh", {}, 404),
    ("get", "/api/clips?limit=1000", {}, 422),
    ("put", "/api/search", {}, 405),
    ("get", "/api/health", {"headers": {"host": "evil.example"}}, 400),
    ("get", "/api/health", {"headers": {"host": "["}}, 400),
    ("get", "/api/health", {"headers": {"origin": "https://evil.example"}}, 403),
    ("get", "/api/health", {"headers": {"origin": "http://["}}, 403),
    ("post", "/api/uploads", {"files": {"file": ("a.exe", b"MZ")}}, 415),
    ("post", "/api/uploads", {"files": {"file": ("a.bvh", b"nonsense")}}, 422),
    ("post", "/api/uploads", {"files": {"file": ("a.bvh", b"x" * 300_000)}}, 413),
]


@pytest.mark.parametrize(("method", "path", "how", "status"), WRONG)
def test_what_is_wrong_is_told_in_a_sentence(
    client: TestClient, method: str, path: str, how: dict[str, Any], status: int
) -> None:
    answer = client.request(method, path, **how)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)


def test_a_token_opens_the_door(service: Service) -> None:
    client = TestClient(create_app(service, token="secret"), base_url=HOME)
    assert client.get("/api/health").status_code == 401
    assert client.get("/api/health", headers={"authorization": "Bearer no"}).status_code == 401
    assert client.get("/api/health", headers={"authorization": "Bearer secret"}).status_code == 200
    answer = client.get("/?token=secret", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "./")
    assert client.get("/api/health").status_code == 200


@pytest.mark.parametrize("token", ["", "a+b=", "my secret", "s;x", "pässwort", "a\n"])
def test_a_token_that_no_address_or_cookie_can_hold_is_refused(
    service: Service, token: str
) -> None:
    with pytest.raises(ValueError, match="letters, digits and"):
        create_app(service, token=token)


def test_a_host_that_is_no_name_is_refused_wherever_it_listens(service: Service) -> None:
    client = TestClient(create_app(service, hosts=frozenset(), token="s"), base_url=HOME)
    entry = {"authorization": "Bearer s"}
    assert client.get("/api/health", headers=entry | {"host": "["}).status_code == 400
    assert client.get("/api/health", headers=entry | {"host": "any.example"}).status_code == 200


def test_the_page_asks_no_other_host(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")
