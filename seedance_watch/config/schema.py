"""Every key of the configuration file, with its default, its bounds and its explanation.

The docstring below a key is its line in docs/CONFIG.md and in editors.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from seedance_watch.config.page import WebKeys
from seedance_watch.config.telling import HookKeys, MetricsKeys, NotifyKeys, WebhookKeys
from seedance_watch.config.values import (
    DAY_S,
    Address,
    Amount,
    Folder,
    HoursText,
    IgnoredName,
    KeyFile,
    Keys,
    Seconds,
    Variable,
    Zone,
)


class SettleKeys(Keys):
    """How an inbox is watched."""

    scan_local_s: Seconds = 30.0
    """Seconds between full scans of an inbox on a local disk; events come in between."""
    scan_network_s: Seconds = 10.0
    """Seconds between full scans of an inbox on a network share, which sends no events."""
    quiet_s: Seconds = 5.0
    """Seconds a file must not change, where nothing proves that its writer is finished."""
    sidecar_grace_s: Annotated[float, Field(ge=0, le=DAY_S)] = 10.0
    """Seconds an image waits for its own sidecar although the defaults carry a prompt."""
    orphan_s: Seconds = 900.0
    """Seconds until an image without a sidecar (or the reverse) is reported."""
    events: Literal["auto", "always", "never"] = "auto"
    """Use the system's file events: when they are proved to arrive, always, or never."""
    ignore: list[IgnoredName] = []
    """More names to ignore, written as in a .gitignore, after the built-in list."""


class InboxKeys(SettleKeys):
    """How inboxes are watched, unless a `[[watch]]` says otherwise with the same keys."""


class BudgetKeys(Keys):
    """What may be spent at a provider, in its unit (credits at Rivya, US dollars at Segmind).

    What does not fit any more is held, and starts by itself when the period is over.
    """

    per_job: Amount | None = None
    """Most that one video may cost, further attempts included. Default: no limit."""
    per_day: Amount | None = None
    """Most that may be spent on one calendar day. Default: no limit."""
    per_month: Amount | None = None
    """Most that may be spent in one calendar month. Default: no limit."""


class WatchBudgetKeys(Keys):
    """What one watched folder may spend, besides the providers' own budgets."""

    rivya: BudgetKeys = BudgetKeys()
    """Its budget at Rivya."""
    segmind: BudgetKeys = BudgetKeys()
    """Its budget at Segmind."""


class WatchKeys(SettleKeys):
    """One watched folder; any number of these. All keys of `[inbox]` may stand here as well."""

    inbox: Folder
    """The folder where images and sidecars are dropped."""
    name: Annotated[str, Field(pattern=r"^[^\x00-\x1f]{1,60}$")] | None = None
    """What the journal, the log and the page call it; must not change while jobs are open.
    Default: the inbox's folder name, or its parent's name if that is `inbox`."""
    outbox: Folder | None = None
    """The folder for finished videos and receipts. Default: `outbox` beside the inbox."""
    done: Folder | None = None
    """The folder for the originals of finished jobs. Default: `done` beside the inbox."""
    failed: Folder | None = None
    """The folder for originals that could not be used. Default: `failed` beside the inbox."""
    held: Folder | None = None
    """The folder for notes about jobs that wait for a person. Default: `held` beside it."""
    provider: str = "rivya"
    """Who makes the videos, unless a sidecar says otherwise."""
    route: list[str] = []
    """Providers to try in turn, as `["rivya", "segmind"]` or with a model `"segmind/ID"`: the next
    one only when the one before declined the wish or is paused. Wins over `provider`."""
    model: str | None = None
    """The model, unless a sidecar says otherwise. Default: the provider's Seedance 1.0 Lite."""
    recursive: bool = True
    """Watch subfolders too; they are mirrored in outbox, done and failed."""
    duplicates: Literal["point", "place", "pay"] = "point"
    """What to do with a drop whose video exists already: `point` to it with a note in done/,
    `place` the same video in the outbox once more, or `pay` for another one."""
    status_file: bool = False
    """Keep a text `_status.txt` in the outbox: what is being made, what waits and why, what was
    spent; for people who have nothing but the drive."""
    hours: list[HoursText] = []
    """When videos may be ordered, as `["22:00-06:00"]` or `["mon-fri 20:00-07:00", "sat,sun
    00:00-24:00"]`, in the time zone of `[limits]`. Default: always."""
    budget: WatchBudgetKeys = WatchBudgetKeys()
    """What this folder may spend, as `[watch.budget.PROVIDER]`."""
    hooks: HookKeys = HookKeys()
    """Commands to run for its jobs, as `[watch.hooks]`."""
    defaults: dict[str, object] = {}
    """Any keys of a sidecar, for every drop in this folder that does not say otherwise."""


class PriceKeys(Keys):
    """A price of your own contract; it wins over the built-in table."""

    model: str
    """The model, by its id."""
    amount: Annotated[float, Field(ge=0)]
    """The price of one video in the provider's unit (credits at Rivya, US dollars at Segmind)."""
    when: dict[str, object] = {}
    """Parameters that this price is for, such as `{ duration = 10 }`; empty: all."""


class ProviderKeys(Keys):
    """What every provider has."""

    provider: ClassVar[str]
    base_url: Address
    api_key_env: Variable
    api_key_file: KeyFile | None = None
    """A file that holds the API key; looked at before credentials and the variable."""
    max_in_flight: Annotated[int, Field(ge=1, le=10_000)] = 8
    """Jobs that may be at the provider at the same time."""
    requests_per_s: Annotated[float, Field(gt=0, le=1000)] = 5.0
    """Calls per second at most, all jobs together."""
    poll_first_s: Seconds | None = None
    """Seconds until the first look at a job. Default: by how long the last ones took."""
    poll_max_s: Seconds = 30.0
    """Longest pause in seconds between two looks at a job that takes longer than usual."""
    budget: BudgetKeys = BudgetKeys()
    """What may be spent at this provider, as `[providers.NAME.budget]`."""
    warn_below: Amount | None = None
    """Warn when less than this is left on the account. Default: no warning."""
    prices: list[PriceKeys] = []
    """Prices of your own contract, as `[[providers.NAME.prices]]`."""


class RivyaKeys(ProviderKeys):
    """Rivya."""

    provider: ClassVar[str] = "rivya"
    base_url: Address = "https://rivya.ai"
    """Where Rivya's API is; on 127.0.0.1 it is a sandbox."""
    api_key_env: Variable = "RIVYA_API_KEY"
    """Name of the environment variable, or of the service manager's credential, with the key."""


class SegmindKeys(ProviderKeys):
    """Segmind."""

    provider: ClassVar[str] = "segmind"
    base_url: Address = "https://api.segmind.com"
    """Where Segmind's API is; on 127.0.0.1 it is a sandbox."""
    storage_url: Address = "https://workflows-api.segmind.com"
    """Where Segmind takes images."""
    history_url: Address = "https://api.spotprod.segmind.com"
    """Where Segmind lists past requests; used to find a job whose answer was lost."""
    api_key_env: Variable = "SEGMIND_API_KEY"
    """Name of the environment variable, or of the service manager's credential, with the key."""
    requests_per_s: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """Calls per second at most, all jobs together."""
    api: Literal["v2", "v1"] = "v2"
    """`v2` submits and polls; `v1` waits in one long call, which cannot be resumed."""
    image_fields: Literal["auto", "image_url", "first_frame_url"] = "auto"
    """The request's field for the first image; `auto` does what the model's table says."""
    image_host: Literal["segmind", "s3"] = "segmind"
    """Where images are lent from: Segmind's own storage, or the bucket in `[image_host.s3]`."""


class ProvidersKeys(Keys):
    """The providers."""

    rivya: RivyaKeys = RivyaKeys()
    """Rivya."""
    segmind: SegmindKeys = SegmindKeys()
    """Segmind."""


class S3Keys(Keys):
    """A bucket that lends images to providers by links that expire."""

    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    """Name of the bucket."""
    endpoint: Address | None = None
    """Address of an S3-compatible service. Default: Amazon's, by region."""
    region: str = "us-east-1"
    """Region of the bucket."""
    prefix: str = "seedance-watch/"
    """What the names of uploaded images begin with."""
    access_key_env: Variable = "AWS_ACCESS_KEY_ID"
    """Name of the environment variable or credential with the access key."""
    access_key_file: KeyFile | None = None
    """A file that holds the access key."""
    secret_key_env: Variable = "AWS_SECRET_ACCESS_KEY"  # noqa: S105  a name, not a secret
    """Name of the environment variable or credential with the secret key."""
    secret_key_file: KeyFile | None = None
    """A file that holds the secret key."""
    link_expires_s: Annotated[int, Field(ge=600, le=604_800)] = 86_400
    """Seconds that a link works; longer than a job may wait for its turn at the provider."""
    path_style: bool = False
    """Put the bucket's name into the path instead of the host name (MinIO and others)."""


class ImageHostKeys(Keys):
    """Where images are lent from, besides the providers' own storage."""

    s3: S3Keys | None = None
    """A bucket; needs `pip install seedance-watch[s3]`."""


class LogKeys(Keys):
    """What is logged, to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important lines to write."""
    format: Literal["auto", "json", "text"] = "auto"
    """`text` for people, `json` for machines; `auto` is text on a terminal."""


class LimitKeys(Keys):
    """Bounds."""

    min_free_bytes: Annotated[int, Field(ge=0)] = 2_000_000_000
    """Nothing is submitted while less than this is free where the video will go."""
    max_video_bytes: Annotated[int, Field(ge=1_000_000)] = 2_000_000_000
    """A longer download is refused."""
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    """Images and videos worked on at the same time; what is made beside videos comes on top."""
    timezone: Zone | None = None
    """Whose days and months budgets count, such as `Europe/Berlin`. Default: this machine's."""
    balance_every_s: Seconds = 900.0
    """Seconds between two looks at what is left on the providers' accounts."""


class ConfigKeys(Keys):
    """The configuration file."""

    state_dir: Folder | None = None
    """Folder for the journal and its lock, on a local disk. Default: `$STATE_DIRECTORY` under a
    service manager, else the user's own state folder."""
    watch: list[WatchKeys] = []
    """The watched folders, each as `[[watch]]`."""
    inbox: InboxKeys = InboxKeys()
    """How inboxes are watched."""
    providers: ProvidersKeys = ProvidersKeys()
    """The providers."""
    image_host: ImageHostKeys = ImageHostKeys()
    """Where images are lent from."""
    limits: LimitKeys = LimitKeys()
    """Bounds."""
    log: LogKeys = LogKeys()
    """Logging."""
    metrics: MetricsKeys = MetricsKeys()
    """Figures for monitoring."""
    web: WebKeys = WebKeys()
    """The page for browsers."""
    notify: list[NotifyKeys] = []
    """Channels that are told what happened, each as `[[notify]]`."""
    webhook: list[WebhookKeys] = []
    """Addresses that are told what happened, each as `[[webhook]]`."""
