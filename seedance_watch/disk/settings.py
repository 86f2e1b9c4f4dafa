"""How an inbox is watched, and what it says about its health."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class InboxSettings:
    """How an inbox is watched.

    Attributes:
        scan_local_s: Seconds between full scans on a local disk.
        scan_network_s: Seconds between scans of what lies on a network file system.
        quiet_s: Seconds a file must not change where nothing proves that its writer is done.
        proved_s: Seconds of quiet where it is proved; lets one more write follow a close.
        sidecar_grace_s: Seconds an image waits for its own sidecar although none is needed.
        orphan_s: Seconds until what waits for a partner is reported.
        recursive: Whether subfolders count.
        ignore: More names to ignore, gitignore-style.
        events: "auto", "always" or "never" use the system's events.
        exclude: Folders inside the inbox that are never looked into.
        health_s: Seconds between questions whether events still arrive.
        retry_s: Seconds until an inbox that is gone is looked for again.
        proof_s: Seconds until events that are not proved are no longer believed.
        idle_s: Seconds without any change until a sweep gives up on files held open.
    """

    scan_local_s: float = 30.0
    scan_network_s: float = 10.0
    quiet_s: float = 5.0
    proved_s: float = 0.05
    sidecar_grace_s: float = 10.0
    orphan_s: float = 900.0
    recursive: bool = True
    ignore: tuple[str, ...] = ()
    events: str = "auto"
    exclude: tuple[Path, ...] = ()
    health_s: float = 5.0
    retry_s: float = 2.0
    proof_s: float = 2.0
    idle_s: float = 60.0


@dataclass(slots=True)
class Facts:
    """What an inbox can say about its own health.

    Attributes:
        last_scan_at: When the last full scan ended, UTC seconds; None: none yet.
        found_by_scan_only: Files that no event had told of.
        rebuilds: How often the watch had to be made anew.
        mode: "events" or "scans".
    """

    last_scan_at: float | None = None
    found_by_scan_only: int = 0
    rebuilds: int = 0
    mode: str = "scans"
