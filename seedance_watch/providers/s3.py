"""A bucket of the user's own that lends pictures to providers by links that expire.

Any S3-compatible service will do. Needs the extra: pip install seedance-watch[s3].
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from seedance_watch.core.errors import Fault, FaultKind, SeedanceWatchError
from seedance_watch.providers.uncut import in_thread

_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}


@dataclass(frozen=True, slots=True)
class S3Host:
    """Uploads under a name never used before and gives a presigned link.

    Attributes:
        bucket: Its name.
        endpoint: Address of the service; None: Amazon's, by region.
        region: Its region.
        prefix: What the names of uploads begin with.
        access_key: Gives the access key; asked at each upload.
        secret_key: Gives the secret key; asked at each upload.
        expires_s: How long a link works.
        path_style: Whether the bucket's name goes into the path.
    """

    bucket: str
    endpoint: str | None
    region: str
    prefix: str
    access_key: Callable[[], str]
    secret_key: Callable[[], str]
    expires_s: int = 86_400
    path_style: bool = False

    async def lend(self, content: bytes, media_type: str) -> str:
        """Upload and give a link.

        Raises:
            Fault: DENIED: the extra, a key, the bucket or the right to write is missing.
                BUSY: to be tried again.
        """
        name = f"{self.prefix}{uuid.uuid4().hex}{_ENDINGS.get(media_type, '')}"
        obstore, store = await in_thread(self._store)
        try:
            await obstore.put_async(store, name, content, attributes={"Content-Type": media_type})
            link: str = await obstore.sign_async(
                store, "GET", name, timedelta(seconds=self.expires_s)
            )
        except (obstore.exceptions.BaseError, FileNotFoundError, ValueError) as error:
            raise self._fault(error, obstore) from error
        return link

    def _store(self) -> tuple[Any, Any]:
        """Open the bucket with the keys of this moment."""
        try:
            import obstore  # noqa: PLC0415 - an extra that most do without
            from obstore.store import S3Store  # noqa: PLC0415
        except ImportError as error:
            reason = "images are to be lent from S3, which needs: pip install 'seedance-watch[s3]'"
            raise Fault(FaultKind.DENIED, reason, code="no_s3") from error
        local = bool(self.endpoint and self.endpoint.startswith("http://"))
        return obstore, S3Store(
            self.bucket,
            endpoint=self.endpoint,
            region=self.region,
            access_key_id=self._key(self.access_key),
            secret_access_key=self._key(self.secret_key),
            virtual_hosted_style_request=not self.path_style,
            client_options={"allow_http": local, "timeout": "60s"},
            retry_config={"max_retries": 0},
        )

    @staticmethod
    def _key(read: Callable[[], str]) -> str:
        """Read a key, or say where it should be."""
        try:
            return read()
        except (OSError, LookupError, ValueError, SeedanceWatchError) as error:
            raise Fault(FaultKind.DENIED, f"the bucket's keys: {error}", code="no_key") from error

    def _fault(self, error: Exception, obstore: Any) -> Fault:
        """Sort what the bucket said; its own words may hold a signature, so they are not told."""
        kinds = obstore.exceptions
        doing = f"uploading an image to bucket {self.bucket!r}"
        if isinstance(error, kinds.PermissionDeniedError | kinds.UnauthenticatedError):
            reason = f"{doing}: refused; check the bucket's keys and their right to write"
            return Fault(FaultKind.DENIED, reason, code="s3_denied")
        if isinstance(error, FileNotFoundError | ValueError):
            problem = "there is no such bucket" if isinstance(error, OSError) else str(error)
            reason = f"{doing}: {problem}; check image_host.s3"
            return Fault(FaultKind.DENIED, reason, code="s3_missing")
        reason = f"{doing}: {type(error).__name__}; it is tried again"
        return Fault(FaultKind.BUSY, reason)
