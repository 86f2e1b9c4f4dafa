"""Every choice that the real services leave open, as one frozen record.

The first value of a choice is the default. Docs: the table in ``docs/SANDBOX.md``, which a test
compares with this file. Reading knobs from text: ``knob_text``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def _choice(doc: str, *values: str) -> Any:
    """Make a field that takes one of some words."""
    return field(default=values[0], metadata={"doc": doc, "choices": values})


def _value(doc: str, default: object, *, least: float = 0.0) -> Any:
    """Make a field that takes any value of the default's type, numbers from ``least`` on."""
    return field(default=default, metadata={"doc": doc, "choices": (), "least": least})


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """How the sandbox behaves where the real services are unknown or vary.

    Durations are seconds. Queue and processing times, the wait of the synchronous call and the
    rate buckets' refill are scaled by ``time_factor``; lifetimes and delays of records are not.
    """

    time_factor: float = _value("0 finishes at once and never throttles, 1 is real time", 1.0)
    clock: str = _choice("manual moves only through the control endpoint", "real", "manual")
    clock_skew_s: float = _value(
        "added to every time that is shown to the client", 0.0, least=-math.inf
    )
    random_seed: int = _value("start of the sequence that picks durations in their spans", 1)
    tiny_videos: str = _choice("a tenth of the size, for test suites", "no", "yes")
    video_scale: float = _value("factor on the width and height of videos", 1.0)
    fps: int = _value("frames per second", 24, least=1)
    foreign_images: str = _choice(
        "links that the sandbox did not hand out: fetched when on loopback", "fetch", "ignore"
    )

    rivya_enabled: str = _choice("the service's kill switch", "yes", "no")
    rivya_keys: str = _value("more keys that are valid, separated by commas", "")
    rivya_key_state: str = _choice("state of every valid key", "valid", "revoked", "expired")
    rivya_scopes: str = _value("all, or the scopes of every valid key, by commas", "all")
    rivya_credits: int = _value("credits of each key at the start", 10_000)
    rivya_rate_per_min: int = _value("requests per minute and key; 0 is no limit", 60)
    rivya_retry_after: str = _choice("Retry-After on 429", "present", "absent")
    rivya_models_auth: str = _choice("key needed for the model list", "none", "required")
    rivya_unlisted: str = _value("models missing in the model list, by commas", "")
    rivya_retired: str = _value("models withdrawn, by commas", "")
    rivya_retired_answer: str = _choice(
        "answer for a withdrawn model", "validation_failed", "not_found"
    )
    rivya_file_status: str = _choice("status of an upload", "200", "201")
    rivya_too_large_status: str = _choice("status of too large an upload", "400", "413")
    rivya_image_max_bytes: int = _value("largest image", 10_000_000)
    rivya_unknown_params: str = _choice("keys that no table lists", "reject", "ignore")
    rivya_select_types: str = _choice(
        "lenient takes numbers and booleans where strings are documented", "strict", "lenient"
    )
    rivya_media_urls: str = _choice(
        "hosted refuses links that are not from the Files API", "any", "hosted"
    )
    rivya_create_status: str = _choice("status of an accepted generation", "200", "201", "202")
    rivya_echo_request_id: str = _choice("client_request_id in the task", "no", "yes")
    rivya_no_credits: str = _choice("too little credit: answer, or failed task", "402", "task")
    rivya_replay_body: str = _choice("what a replayed key shows", "current", "frozen")
    rivya_replay_status: str = _choice("status of a replay", "200", "original")
    rivya_key_in_flight: str = _choice(
        "same key while the first call is at work", "wait", "conflict"
    )
    rivya_key_ttl_s: float = _value("how long a key is remembered (86400, 3600, inf)", 86_400.0)
    rivya_rejected_key: str = _choice("after a 4xx the key is free, or replays it", "free", "kept")
    rivya_body_match: str = _choice("how bodies of one key are compared", "canonical", "bytes")
    rivya_refund: str = _choice("failed tasks give their credits back", "yes", "no")
    rivya_unknown_path: str = _choice("body of a 404 for no such path", "json", "html")
    rivya_queue_s: tuple[float, float] = _value("time in queued", (2.0, 5.0))
    rivya_processing_s: tuple[float, float] = _value("time in processing", (30.0, 90.0))
    rivya_result_ttl_s: float = _value("life of a result link after completion", 86_400.0)
    rivya_expired_status: str = _choice("status of an expired result link", "403", "404")

    segmind_keys: str = _value("more keys that are valid, separated by commas", "")
    segmind_key_state: str = _choice("state of every valid key", "valid", "rejected")
    segmind_credits: float = _value("USD of each key at first; -1: no record", 100.0, least=-1)
    segmind_price: float = _value("USD per video; -1: the table, 0.18 for Lite", -1.0, least=-1)
    segmind_rate_rpm: int = _value("submissions per minute and key (5, 50, 60, 120); 0: none", 5)
    segmind_retired: str = _value("slugs that answer 410, by commas", "")
    segmind_forbidden: str = _value("slugs that answer 403, by commas", "")
    segmind_bad_choice_status: str = _choice("a value outside a fixed set", "406", "400")
    segmind_seed: str = _choice("1..999999, with or without -1", "signed", "positive")
    segmind_accept_anything: str = _choice("v2 takes any body and fails later", "no", "yes")
    segmind_early_404_s: float = _value("404 on a fresh request for so long", 0.0)
    segmind_early_result: str = _choice(
        "result asked before the end: 200 PROCESSING or 404", "200", "404"
    )
    segmind_output: str = _choice("shape of output", "string", "list", "object")
    segmind_failed_status: str = _choice("HTTP status of a FAILED body", "422", "200")
    segmind_retention_s: float = _value("life of a request record after submission", 3_600.0)
    segmind_v1_body: str = _choice("answer of the synchronous call", "video", "json")
    segmind_v1_gateway_s: float = _value(
        "the gateway answers 504 after so long, the job goes on; 0 never (scaled)", 0.0
    )
    segmind_upload_reply: str = _choice("name of the list of links", "file_urls", "urls")
    segmind_upload_max_mb: float = _value("413 over so many MB; 0 is no limit", 0.0)
    segmind_history_key: str = _choice("envelope of the rows", "requests", "data", "items")
    segmind_history_delay_s: float = _value("a row lands so late (0, 120, 7200)", 0.0)
    segmind_queue_s: tuple[float, float] = _value("time in QUEUED", (1.0, 5.0))
    segmind_processing_s: tuple[float, float] = _value("time in PROCESSING", (20.0, 60.0))
    segmind_output_ttl_s: float = _value("life of an output link", 604_800.0)
    segmind_expired_status: str = _choice("status of an expired output link", "404", "403")

    def provider(self, name: str, knob: str) -> Any:
        """Return the knob of that name of one provider."""
        return getattr(self, f"{name}_{knob}")


def words(text: str) -> frozenset[str]:
    """Return the comma-separated words of a knob."""
    return frozenset(word.strip() for word in text.split(",") if word.strip())


def shown(knobs: Knobs) -> Mapping[str, object]:
    """Return all knobs as JSON values."""
    return {name: _json_value(getattr(knobs, name)) for name in Knobs.__dataclass_fields__}


def _json_value(value: object) -> object:
    match value:
        case (low, high):
            return f"{low:g}-{high:g}"
        case float():
            return f"{value:.12g}"
        case _:
            return value
