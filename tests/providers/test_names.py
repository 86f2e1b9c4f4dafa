"""Names that a provider (or a person who adopts) chose, in addresses of ours."""

import pytest
from flows import drive, reply

from seedance_watch.providers.dialect import Dialect
from seedance_watch.providers.rivya import Rivya
from seedance_watch.providers.segmind import Segmind

HOST = "https://host"
RIVYA = Rivya(HOST)
V2, V1 = (Segmind(HOST, HOST, HOST, api=api) for api in ("v2", "v1"))
NAME, WRITTEN = "../x?y#z", "..%2Fx%3Fy%23z"
PATHS = [
    (RIVYA, [{"status": "queued"}], [f"/api/v1/generations/{WRITTEN}"]),
    (
        V2,
        [{"status": "COMPLETED"}, {"status": "PROCESSING"}],
        [f"/v2/requests/{WRITTEN}/status", f"/v2/requests/{WRITTEN}"],
    ),
    (V1, [{"model_status": "PENDING"}], [f"/inference-request/request-history/{WRITTEN}"]),
]


@pytest.mark.parametrize(("dialect", "answers", "paths"), PATHS, ids=["rivya", "v2", "v1"])
def test_a_task_id_is_one_part_of_a_path(
    dialect: Dialect, answers: list[object], paths: list[str]
) -> None:
    """Whatever is in it, it leads to no other path, query or fragment."""
    _, calls = drive(dialect.poll(NAME, 0.0), [reply(200, body) for body in answers])
    assert [call.url for call in calls] == [HOST + path for path in paths]
