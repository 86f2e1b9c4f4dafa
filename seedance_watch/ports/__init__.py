"""What the engine needs from the outside, as promises; one module for each part of it.

Each port has one real implementation or more; tests run the real parts. All methods that touch
the outside are coroutines and raise Fault for the outside's failures, never anything of a library.
"""

from seedance_watch.ports.clock import Clock
from seedance_watch.ports.disk import ROOM, Claim, Dragged, Ground, Putting, Spool
from seedance_watch.ports.inbox import Admit, Inbox
from seedance_watch.ports.journal import Journal, Terms
from seedance_watch.ports.provider import Doubts, Download, Provider
from seedance_watch.ports.studio import Studio

__all__ = [
    "ROOM",
    "Admit",
    "Claim",
    "Clock",
    "Doubts",
    "Download",
    "Dragged",
    "Ground",
    "Inbox",
    "Journal",
    "Provider",
    "Putting",
    "Spool",
    "Studio",
    "Terms",
]
