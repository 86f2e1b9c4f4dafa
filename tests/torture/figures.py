"""What is counted while the program is tortured, and the table of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

_COLUMNS = {
    "starts": "daemon starts",
    "crashes": "crashes",
    "kills": "kill -9",
    "cuts": "power cuts",
    "faults": "faults set",
    "jobs": "jobs",
    "videos": "videos placed",
    "held": "held in doubt",
    "charges": "charges",
    "lost": "lost",
    "paid_twice": "paid twice",
}


@dataclass
class Figures:
    """Counts; they add up.

    Attributes:
        starts: How often the daemon was started.
        crashes: How often it died at a chosen step.
        kills: How often kill -9 hit it.
        cuts: How often the power was cut.
        faults: How many faults of a provider or the way to it were set to strike.
        jobs: How many videos were wished for.
        videos: How many of them were placed.
        held: How many are held in doubt, for a person.
        charges: How many were charged.
        lost: How many are neither placed nor held.
        paid_twice: How many charges there were beyond one for each job.
        wrong: Whatever must not be, in words.
        note: What is to be said about the part.
    """

    starts: int = 0
    crashes: int = 0
    kills: int = 0
    cuts: int = 0
    faults: int = 0
    jobs: int = 0
    videos: int = 0
    held: int = 0
    charges: int = 0
    lost: int = 0
    paid_twice: int = 0
    wrong: list[str] = field(default_factory=list)
    note: str = ""

    def __add__(self, other: "Figures") -> "Figures":
        values = {
            each.name: getattr(self, each.name) + getattr(other, each.name)
            for each in fields(self)
            if each.name != "note"
        }
        return Figures(**values, note=other.note or self.note)

    @property
    def violated(self) -> bool:
        """Whether any promise was broken."""
        return bool(self.wrong or self.lost or self.paid_twice)

    def short(self) -> str:
        """Give what is not zero, in a line."""
        shown = [f"{getattr(self, name)} {_COLUMNS[name]}" for name in _COLUMNS]
        some = [each for each in shown if not each.startswith("0 ")]
        return ", ".join([*some, f"{len(self.wrong)} violations", *filter(None, [self.note])])


def total(parts: Iterable[Figures]) -> Figures:
    """Add up."""
    whole = Figures()
    for each in parts:
        whole += each
    whole.note = ""
    return whole


def table(parts: Mapping[str, Figures]) -> str:
    """Give all figures as a table in Markdown, a column for each part."""
    columns = {**parts, "all": total(parts.values())}
    lines = [_line("", *columns), _line("---", *("---:" for _ in columns))]
    for name, title in _COLUMNS.items():
        lines.append(_line(title, *(str(getattr(each, name)) for each in columns.values())))
    lines.append(_line("violations", *(str(len(each.wrong)) for each in columns.values())))
    return "\n".join(lines)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
