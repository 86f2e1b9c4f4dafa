"""What is wrong with a configuration that its schema cannot see."""

from collections.abc import Iterator

from seedance_watch.config.prices import wrong_prices
from seedance_watch.config.resolved import Config
from seedance_watch.config.safety import unsafe
from seedance_watch.config.values import loopback
from seedance_watch.core.errors import Complaint
from seedance_watch.core.models import Catalogue
from seedance_watch.core.sidecar import review
from seedance_watch.core.words import meant, path_text, show


def judged(config: Config, catalogue: Catalogue) -> list[Complaint]:
    """Find what contradicts itself, cannot be made, or is not there."""
    return [
        *_no_watch(config),
        *_names_twice(config),
        *unsafe(config),
        *(one for watch in config.watches for one in review(watch.layers, catalogue=catalogue)),
        *wrong_prices(config.keys.providers, catalogue, config.table),
        *_no_bucket(config),
        *_exposed(config),
        *_unknown_watches(config),
        *_one_name_for_two(config),
    ]


def _no_watch(config: Config) -> Iterator[Complaint]:
    if config.table.values.get("watch", []) == []:
        hint = 'write [[watch]] and below it inbox = "..."'
        yield Complaint(config.table.file, None, "", "no folder is watched", hint)


def _names_twice(config: Config) -> Iterator[Complaint]:
    seen: dict[str, int] = {}
    for number, watch in enumerate(config.watches):
        if watch.name in seen:
            path = ("watch", number, "name")
            problem = f"{show(watch.name)} is also the name of watch[{seen[watch.name] + 1}]"
            hint = "give one of them another name"
            line = config.table.line(path)
            yield Complaint(config.table.file, line, path_text(path), problem, hint)
        seen.setdefault(watch.name, number)


def _no_bucket(config: Config) -> Iterator[Complaint]:
    if config.segmind.image_host == "s3" and config.s3 is None:
        path = ("providers", "segmind", "image_host")
        problem = "there is no [image_host.s3] with the bucket"
        yield Complaint(config.table.file, config.table.line(path), path_text(path), problem)


def _exposed(config: Config) -> Iterator[Complaint]:
    """Figures are given to whoever asks, so others may ask only where that is meant."""
    keys, path = config.metrics, ("metrics", "listen")
    if keys.listen and not loopback(keys.listen) and not keys.exposed:
        problem = f"{show(keys.listen)} can be reached by other machines"
        hint = "write 127.0.0.1 instead, or exposed = true below it if that is meant"
        yield Complaint(config.table.file, config.table.line(path), path_text(path), problem, hint)


def _unknown_watches(config: Config) -> Iterator[Complaint]:
    names = [watch.name for watch in config.watches]
    for kind, entries in (("notify", config.notify), ("webhook", config.webhook)):
        for number, each in enumerate(entries):
            for name in each.watches:
                if name not in names:
                    path = (kind, number, "watches")
                    line = config.table.line(path)
                    problem = f"there is no watch called {show(name)}"
                    hint = meant(name, names)
                    yield Complaint(config.table.file, line, path_text(path), problem, hint)


def _one_name_for_two(config: Config) -> Iterator[Complaint]:
    """A service manager knows a credential by its name alone."""
    for kind, key, entries in (
        ("notify", "url", config.notify),
        ("webhook", "secret", config.webhook),
    ):
        seen: dict[str, object] = {}
        for number, each in enumerate(entries):
            env, file = getattr(each, f"{key}_env"), getattr(each, f"{key}_file")
            if seen.setdefault(env, file) != file:
                path = (kind, number, f"{key}_env")
                line = config.table.line(path)
                problem = f"{show(env)} also names what another [[{kind}]] reads from elsewhere"
                hint = f"give each a {key}_env of its own"
                yield Complaint(config.table.file, line, path_text(path), problem, hint)
