"""A loop that hangs is told from one that rests."""

from seedance_watch.core.health import ills, notes
from seedance_watch.core.snapshot import InboxView, LaneView, Live, LoopView
from seedance_watch.engine.beats import GRACE_S, Beats


def live(*loops: LoopView) -> Live:
    return Live(process=1, version="1", since=0.0, loops=loops)


def test_a_loop_says_how_long_it_rests() -> None:
    """Its rest is added to what every turn may take; one that ended is forgotten."""
    beats = Beats()
    beats.beat("accounts", 900.0)
    beats.beat("jobs")
    beats.end("jobs")

    [view] = beats.view()
    assert (view.name, view.most_s) == ("accounts", 900.0 + GRACE_S)
    assert 0 <= view.still_s < 60


def test_only_a_loop_that_does_not_come_round_is_ill() -> None:
    """Also a daemon that has not begun to work; it must not be sent traffic for."""
    good, late = LoopView("jobs", 170.0, 180.0), LoopView("inbox a", 130.0, 125.0)

    assert ills(live(good)) == []
    assert ills(live(good, late)) == ["inbox a: no turn for 130 s, 125 s are usual at most"]
    assert ills(live()) == ["nothing runs yet: the journal is being read"]


def test_what_waits_for_somebody_outside_is_no_illness() -> None:
    """A restart brings back neither credits nor a share."""
    found = Live(
        process=1,
        version="1",
        since=0.0,
        lanes=(LaneView("rivya", 8, 0), LaneView("segmind", 8, 0, 5.0, "no credits", paused=True)),
        inboxes=(InboxView("studio", "/in", closed="not mounted"),),
        loops=(LoopView("jobs", 0.0, 1.0),),
    )

    assert ills(found) == []
    assert notes(found) == ["segmind: no credits", "inbox of studio: not mounted"]
