"""What can be set about a gateway."""

from dataclasses import dataclass, field
from typing import Protocol


class ImageHost(Protocol):
    """A place of the user's own that lends pictures to the provider."""

    async def lend(self, content: bytes, media_type: str) -> str:
        """Upload under a name never used before and give a link that works for a while."""
        ...


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """How a provider is talked to.

    Attributes:
        base_url: The provider's configured base_url. On loopback, links to that same host and
            port are accepted; it is the only exception there is.
        requests_per_s: Calls per second, downloads not counted; as many at once after a rest.
        connect_s: Longest wait for a connection.
        read_s: Longest silence during a download; calls bring their own.
        pool_s: Longest wait for one of the shared connections.
        max_connections: Shared connections at most.
        max_video_bytes: A longer video is refused. Ten seconds at 1080p are some 20 MB.
        download_s: Longest time for one try of a download; the next goes on where it ended.
        image_host: Where pictures are lent from; None: the provider's own storage.
    """

    base_url: str = ""
    requests_per_s: float = 5.0
    connect_s: float = 10.0
    read_s: float = 60.0
    pool_s: float = 30.0
    max_connections: int = 20
    max_video_bytes: int = 2_000_000_000
    download_s: float = 1800.0
    image_host: ImageHost | None = field(default=None, repr=False)
