"""What each hosted model accepts and costs, as data; adding a model is adding a row.

The shape is here; the rows are in catalogue.py, one table per provider. A parameter is known by
its sidecar name everywhere in the program; its name and JSON type on the wire are facts of the
row, so that no dialect holds a model's peculiarity in code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from seedance_watch.core.model import ImageLimits, Money, Value


class Wire(StrEnum):
    """How a value is written in the provider's JSON."""

    STRING = "string"  # 5 -> "5", True -> "true"
    NUMBER = "number"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a model.

    Attributes:
        wire: Its name on the wire.
        form: How its value is written there.
        natural: The TOML type that a sidecar must use: int, bool or str.
        choices: Allowed values in natural types; empty: any in the range.
        low: Smallest allowed number, None: no bound.
        high: Largest allowed number, None: no bound.
        default: What the provider uses when it is not sent; None: unknown. The effective value
            is always sent.
        inverted: The wire means the opposite of the sidecar's switch.
    """

    wire: str
    form: Wire
    natural: type[int] | type[bool] | type[str]
    choices: tuple[Value, ...] = ()
    low: int | None = None
    high: int | None = None
    default: Value | None = None
    inverted: bool = False

    def on_wire(self, value: Value) -> str | int | float | bool:
        """Write an effective value as this provider's JSON has it."""
        if self.inverted:
            value = not value
        if self.form is Wire.STRING and isinstance(value, bool):
            return "true" if value else "false"
        return str(value) if self.form is Wire.STRING else value


@dataclass(frozen=True, slots=True)
class Price:
    """What one video costs.

    Attributes:
        unit: "credits" or "usd".
        base: The price where no row of `cases` fits.
        cases: Rows of (parameter values that must all match, price); the first that fits holds.
        note: Whether it is documented or the documented worst case.
    """

    unit: str
    base: Decimal
    cases: tuple[tuple[Mapping[str, Value], Decimal], ...] = ()
    note: str = ""

    def of(self, params: Mapping[str, Value]) -> Money:
        """Give the cost of one video with these parameters."""
        for wanted, amount in self.cases:
            if all(params.get(name) == value for name, value in wanted.items()):
                return Money(amount, self.unit)
        return Money(self.base, self.unit)


@dataclass(frozen=True, slots=True)
class Model:
    """One model at one provider.

    Attributes:
        provider: Provider name.
        id: The provider's own id; for Segmind the slug.
        aliases: Other names a sidecar may use for it.
        params: By sidecar name.
        prompt_max: Longest prompt in characters.
        images: Fewest and most images it takes; fewest 0 allows text-only jobs.
        limits: What an image must be like.
        price: What it costs.
        usual_s: How long a video usually takes, for the pace of polling.
        image_style: Which wire fields carry the images (a word of the provider's dialect).
        note: Anything a person should know ("announced to be retired").
    """

    provider: str
    id: str
    params: Mapping[str, Param]
    prompt_max: int
    images: tuple[int, int]
    price: Price
    usual_s: float
    aliases: tuple[str, ...] = ()
    limits: ImageLimits = field(default_factory=ImageLimits)
    image_style: str = ""
    note: str = ""


Catalogue = Mapping[tuple[str, str], Model]  # by provider and model id
