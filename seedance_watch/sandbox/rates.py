"""Token buckets, one per key; refill is scaled by the time factor."""

from dataclasses import dataclass

from seedance_watch.sandbox.clock import SandboxClock


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Rates:
    """Say whether a call is within its key's rate."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def wait_s(self, key: str, *, per_min: int, time_factor: float) -> float:
        """Take a token; return 0.0, or the seconds until there is one."""
        if per_min <= 0 or time_factor <= 0:
            return 0.0
        per_s = per_min / 60 / time_factor
        now_at = self._clock.now_at()
        bucket = self._buckets.setdefault(key, _Bucket(float(per_min), now_at))
        bucket.tokens = min(float(per_min), bucket.tokens + (now_at - bucket.at) * per_s)
        bucket.at = now_at
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / per_s
        bucket.tokens -= 1
        return 0.0

    def full_at(self, key: str, *, per_min: int, time_factor: float) -> float:
        """Return when the key's bucket is full again."""
        bucket = self._buckets.get(key)
        if bucket is None or per_min <= 0:
            return self._clock.now_at()
        return bucket.at + (per_min - bucket.tokens) * 60 / per_min * time_factor
