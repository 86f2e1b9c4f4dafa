"""What would be paid for now, in which order, at which cost, against which limits.

Wishes that nobody has paid for come in, in the order in which their jobs would go; each gets a
verdict. What a limit still allows is used up by those that go before.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from seedance_watch.core import chain
from seedance_watch.core.budget import Cap, Period
from seedance_watch.core.endings import normal
from seedance_watch.core.model import Money
from seedance_watch.core.snapshot import BudgetView

NOW, TURN, BUDGET, CHAIN = "now", "turn", "budget", "chain"
_GO = frozenset({NOW, TURN, CHAIN})


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a wish does not go now.

    Attributes:
        code: The kind of reason, for machines; docs/COMMANDS.md lists them.
        said: The reason, a sentence.
        until: When it ends by itself, UTC seconds; None: when somebody acts, or not known.
    """

    code: str
    said: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A video that is not paid for.

    Attributes:
        drop: Path of the drop below its inbox, without ending.
        watch: Name of the watch entry.
        job: Its job, "" while its files lie in the inbox.
        take: Which take, from 1.
        takes: Of how many.
        priority: Higher goes first.
        provider: Provider name, "" where the wish cannot be understood.
        model: Model id.
        cost: What it will cost, None where the wish cannot be understood.
        spent: What earlier attempts of its job count as spent at this provider.
        fingerprint: Equal for wishes of the same video; "" where not known, or to be paid anyway.
        stop: Why it does not go now, None: nothing of its own stops it.
        start_from: The shot whose video it waits for, "" for none.
        awaits: The job that is making that, "" for none.
    """

    drop: str
    watch: str
    job: str = ""
    take: int = 1
    takes: int = 1
    priority: int = 0
    provider: str = ""
    model: str = ""
    cost: Money | None = None
    spent: Decimal = Decimal(0)
    fingerprint: str = ""
    stop: Stop | None = None
    start_from: str = ""
    awaits: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A wish and what becomes of it.

    Attributes:
        number: Its place among those that would be paid for, from 1; None: it would not be.
        wish: The wish.
        verdict: "now", "turn" (as soon as the provider has a free seat), "chain" (as soon as the
            video that it starts from is there), or why it does not go.
    """

    number: int | None
    wish: Wish
    verdict: Stop


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen.

    Attributes:
        entries: All wishes in their order.
        budgets: The limits as they are now.
        planned: What each limit would count besides, by its key.
        totals: What would be paid, by provider.
    """

    entries: tuple[Entry, ...]
    budgets: tuple[BudgetView, ...]
    planned: Mapping[str, Money]
    totals: Mapping[str, Money]


@dataclass(slots=True)
class _Purse:
    """What the limits still allow, and the seats that are left, as the plan goes on."""

    caps: tuple[Cap, ...]
    budgets: tuple[BudgetView, ...]
    seats: dict[str, int]
    planned: dict[str, Money] = field(default_factory=dict)
    totals: dict[str, Money] = field(default_factory=dict)
    bought: dict[str, str] = field(default_factory=dict)

    def verdict(self, wish: Wish, before: Stop | None) -> Stop:
        """Judge the next wish, and reserve what it takes if it goes.

        Args:
            wish: The wish.
            before: The verdict on the wish that it starts from, None: none of these.
        """
        stop = _unchained(wish, before) or self._twin(wish) or self._over(wish)
        if stop or wish.cost is None:
            return stop or Stop("wrong", "it is not known what it costs")
        self._reserve(wish, wish.cost)
        if before or wish.awaits:
            return Stop(CHAIN, f"as soon as {wish.start_from} has its video")
        left = self.seats.get(wish.provider, 1)
        self.seats[wish.provider] = left - 1
        if left > 0:
            return Stop(NOW, "")
        return Stop(TURN, f"as soon as {wish.provider} has a free seat")

    def _twin(self, wish: Wish) -> Stop | None:
        twin = self.bought.get(wish.fingerprint) if wish.fingerprint else None
        return Stop("twin", f"{twin} asks for the same video") if twin else None

    def _over(self, wish: Wish) -> Stop | None:
        """Give the limit without room that lasts longest."""
        stops = [*self._over_job(wish), *self._over_period(wish)]
        return max(stops, key=lambda each: float("inf") if each.until is None else each.until,
                   default=None)  # fmt: skip

    def _over_job(self, wish: Wish) -> Iterator[Stop]:
        for cap in self.caps:
            if cap.period is Period.JOB and _concerns(cap, wish):
                yield from _stop(cap, wish, Money(wish.spent, cap.most.unit), None)

    def _over_period(self, wish: Wish) -> Iterator[Stop]:
        for view in self.budgets:
            if _concerns(view.cap, wish):
                planned = self.planned.get(view.cap.key, view.spent.none())
                spent = Money(view.spent.amount + planned.amount, view.spent.unit)
                yield from _stop(view.cap, wish, spent, view.until)

    def _reserve(self, wish: Wish, cost: Money) -> None:
        for view in self.budgets:
            if _concerns(view.cap, wish):
                self.planned[view.cap.key] = _sum(self.planned.get(view.cap.key), cost)
        self.totals[wish.provider] = _sum(self.totals.get(wish.provider), cost)
        if wish.fingerprint:
            self.bought[wish.fingerprint] = wish.job or wish.drop


def planned(
    wishes: Iterable[Wish],
    *,
    caps: Iterable[Cap],
    budgets: Iterable[BudgetView],
    seats: Mapping[str, int],
) -> Plan:
    """Judge wishes in their order.

    Args:
        wishes: In the order in which their jobs would go.
        caps: All limits; those of days and months only count by what is in `budgets`.
        budgets: How the limits of days and months stand.
        seats: How many more jobs each provider may have in work.
    """
    purse = _Purse(tuple(caps), tuple(budgets), dict(seats))
    entries = list[Entry]()
    number = 0
    given = list(wishes)
    known = {_name(wish): wish for wish in given}
    verdicts = dict[_Name, Stop]()
    for wish in _in_turn(given, known):
        before = _before(wish, known)
        looped = Stop(chain.LOOP, "it starts from a shot that starts from it")
        judged = verdicts.get(_name(before), looped) if before else None
        verdict = verdicts[_name(wish)] = purse.verdict(wish, judged)
        goes = verdict.code in _GO
        number += goes
        entries.append(Entry(number if goes else None, wish, verdict))
    return Plan(tuple(entries), purse.budgets, purse.planned, purse.totals)


_Name = tuple[str, str, int]  # watch entry, path of the drop, take


def _name(wish: Wish) -> _Name:
    return wish.watch, normal(wish.drop), wish.take


def _before(wish: Wish, known: Mapping[_Name, Wish]) -> Wish | None:
    """Give the wish that another one starts from, None: it is none of these."""
    folder = wish.drop.rpartition("/")[0]
    meant = chain.meanings(wish.start_from) if wish.start_from else ()
    names = ((wish.watch, f"{folder}/{stem}".lstrip("/"), take) for stem, take in meant)
    return next((known[name] for name in names if name in known), None)


def _in_turn(wishes: Iterable[Wish], known: Mapping[_Name, Wish]) -> Iterator[Wish]:
    """Give the wishes in their order, but each after the one that it starts from."""
    given = set[int]()
    for wish in wishes:
        line = list[Wish]()
        each: Wish | None = wish
        while each and id(each) not in given:
            given.add(id(each))
            line.append(each)
            each = _before(each, known)
        yield from reversed(line)


def _unchained(wish: Wish, before: Stop | None) -> Stop | None:
    """Give what stops a wish; what stopped it from starting is over when that shot is here."""
    if before is None or (wish.stop and wish.stop.code not in chain.CODES):
        return wish.stop
    if before.code in _GO:
        return None
    if before.code == chain.LOOP:
        return before
    return Stop("chain_stopped", f"{wish.start_from}, from which it starts, does not go")


def _concerns(cap: Cap, wish: Wish) -> bool:
    return cap.provider == wish.provider and cap.watch in {"", wish.watch}


def _stop(cap: Cap, wish: Wish, spent: Money, until: float | None) -> Iterator[Stop]:
    """Give the reason where a limit has no room."""
    assert wish.cost is not None, wish.drop
    if spent.amount + wish.cost.amount > cap.most.amount:
        said = f"of the {cap.most} that {cap.key} allows {spent.digits} are spent or planned"
        never = wish.cost.amount > cap.most.amount
        yield Stop(BUDGET, said, None if never else until)


def _sum(first: Money | None, second: Money) -> Money:
    return replace(second, amount=second.amount + (first.amount if first else 0))
