"""A second provider: only when the first one certainly made and charged nothing."""

from collections import Counter
from pathlib import Path

import pytest
import studios
import tomli

from seedance_watch.core.model import State
from seedance_watch.sandbox.server import Sandbox

S = State


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    made = studios.lay_out(tmp_path / "studio", sandbox.url)
    text = made.config.read_text().replace('provider = "rivya"', 'route = ["rivya", "segmind"]')
    made.config.write_text(text)
    return made


def charges(sandbox: Sandbox) -> Counter[str]:
    """Count what each provider kept."""
    paid = Counter(line.provider for line in sandbox.ledger("charge"))
    return paid - Counter(line.provider for line in sandbox.ledger("refund"))


async def test_what_one_declines_another_makes(studio: studios.Studio, sandbox: Sandbox) -> None:
    """With the other's model, and a receipt that names it."""
    sandbox.fault("answer", "rivya.create", status=400, times=0)
    studio.drop('prompt = "waves"\n')

    assert await studios.once(studio) == {S.DONE: 1}

    assert charges(sandbox) == {"segmind": 1}
    receipt = tomli.loads((studio.outbox / "shot.toml").read_text())
    assert receipt["provider"] == "segmind"


@pytest.mark.parametrize(
    ("first", "second", "paid"),
    [("segmind", "rivya", {"rivya": 1}), ("rivya", "segmind", {"rivya": 1})],
)
async def test_only_a_failed_task_that_cost_nothing_goes_elsewhere(
    studio: studios.Studio, sandbox: Sandbox, first: str, second: str, paid: dict[str, int]
) -> None:
    """Segmind never charges a failed task; Rivya does not say, so the money may be spent."""
    sandbox.turn(rivya_refund="no")
    for endpoint in ("rivya.create", "segmind.submit"):
        if endpoint.startswith(first):
            sandbox.fault("task_failed", endpoint, times=0)
    studio.drop(f'prompt = "waves"\nroute = ["{first}", "{second}"]\n')

    await studios.once(studio)

    assert charges(sandbox) == paid


async def test_nobody_waits_before_a_paused_lane(studio: studios.Studio, sandbox: Sandbox) -> None:
    """No credits here: all that are not paid yet go there, those that come later as well."""
    sandbox.turn(rivya_credits=0)
    error = {"code": "insufficient_credits", "message": "none left"}
    sandbox.fault("answer", "rivya.create", status=402, times=0, body={"error": error})
    for name in "abcdefghijkl":
        studio.drop(f'prompt = "waves {name}"\n', name=name)

    assert await studios.once(studio) == {S.DONE: 12}

    assert charges(sandbox) == {"segmind": 12}


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "html_after", "not_json"])
async def test_an_unknown_outcome_never_goes_elsewhere(
    studio: studios.Studio, sandbox: Sandbox, fault: str
) -> None:
    """It is settled where it happened."""
    sandbox.fault(fault, "rivya.create")
    studio.drop('prompt = "waves"\n')

    await studios.once(studio)

    assert charges(sandbox) == {"rivya": 1}


async def test_being_throttled_is_no_reason_to_leave(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """It passes by itself."""
    sandbox.fault("throttled", "rivya.create", times=2)
    studio.drop('prompt = "waves"\n')

    await studios.once(studio)

    assert charges(sandbox) == {"rivya": 1}


async def test_what_the_second_cannot_do_is_said_before_the_first_is_paid(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """A sidecar must fit every provider of its route."""
    studio.drop('prompt = "waves"\nend_image = "shot-end.png"\nsafety_checker = false\n',
                images=("{}.png", "{}-end.png"))  # fmt: skip

    assert await studios.once(studio) == {S.FAILED: 1}

    assert charges(sandbox) == {}
    assert "segmind" in (studio.failed / "shot.failed.txt").read_text()
