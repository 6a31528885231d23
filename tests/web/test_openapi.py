"""Everything that the OpenAPI document allows is asked, and much that it does not."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

schemathesis = pytest.importorskip("schemathesis")
pytest.importorskip("lancedb")

from test_service import service_in  # noqa: E402

from moclip.web.app import create_app  # noqa: E402


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    service = service_in(tmp_path_factory.mktemp("openapi"))
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(service, hosts=frozenset()))


@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
def test_no_request_breaks_the_service(schema: Any) -> None:
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 16
    for operation in operations:
        ask_anything(operation)


def ask_anything(operation: Any) -> None:
    """A few requests of one route: each is answered, or refused in a sentence."""

    @settings(max_examples=5, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        answer = case.call()
        assert answer.status_code < 500, (case.as_curl_command(), answer.text)
        if answer.status_code >= 400:
            assert isinstance(answer.json()["detail"], str)

    ask()
