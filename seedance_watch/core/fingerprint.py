"""What makes two wishes equal: they would buy the same video twice."""

import hashlib
import json

from seedance_watch.core.model import JobSpec, Part, Role
from seedance_watch.core.sidecar_model import CHOSEN


def fingerprint(spec: JobSpec, parts: tuple[Part, ...]) -> str:
    """Give 64 hex digits, equal for equal wishes; "" for one that is to be paid in any case.

    Counted are provider, model, prompt, parameters and the bytes of the pictures. A seed counts
    only when somebody asked for it; of several takes each is a wish of its own.
    """
    if spec.again:
        return ""
    drawn = {name for name, origin in spec.origins.items() if origin == CHOSEN}
    pictures = sorted((part.role, part.sha256) for part in parts if part.role is not Role.SIDECAR)
    facts = {
        "provider": spec.provider,
        "model": spec.model,
        "prompt": spec.prompt,
        "params": {name: each for name, each in spec.params.items() if name not in drawn},
        "take": spec.take,
        "text_only": spec.text_only,
        "keep_metadata": spec.keep_metadata,
        "pictures": pictures,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
