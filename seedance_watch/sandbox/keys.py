"""The sandbox's accounts and what each may do."""

from dataclasses import dataclass
from decimal import Decimal

from seedance_watch.sandbox.knobs import Knobs, words

RIVYA_KEY = "rvya_sk_sandbox"
SEGMIND_KEY = "SG_0000000000000001"
SCOPES = frozenset({
    "models:read", "generations:create", "generations:read", "files:create", "files:read",
    "credits:read", "webhooks:manage", "chat:create", "chat:read",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A key and its rights; None as credits means the knob's amount."""

    key: str
    provider: str
    note: str
    state: str = "valid"
    scopes: frozenset[str] = SCOPES
    credits: Decimal | None = None


ACCOUNTS = (
    Account(key=RIVYA_KEY, provider="rivya", note="the usual key"),
    Account(key="rvya_sk_sandbox_other", provider="rivya", note="somebody else's account"),
    Account(key="rvya_sk_revoked", provider="rivya", note="401 revoked", state="revoked"),
    Account(key="rvya_sk_expired", provider="rivya", note="401 expired", state="expired"),
    Account(
        key="rvya_sk_readonly",
        provider="rivya",
        note="an older key without files and generations:create",
        scopes=frozenset({"models:read", "generations:read", "credits:read"}),
    ),
    Account(key="rvya_sk_poor", provider="rivya", note="20 credits", credits=Decimal(20)),
    Account(key=SEGMIND_KEY, provider="segmind", note="the usual key"),
    Account(key="SG_0000000000000002", provider="segmind", note="somebody else's account"),
    Account(key="SG_000000000000dead", provider="segmind", note="401 rejected", state="rejected"),
    Account(
        key="SG_0000000000000bad", provider="segmind", note="0.20 USD", credits=Decimal("0.20")
    ),
)
_BY_KEY = {account.key: account for account in ACCOUNTS}


def account_of(key: str, *, provider: str, knobs: Knobs) -> Account | None:
    """Return the account of a key as the knobs have it; None is an unknown key."""
    extra = key in words(knobs.provider(provider, "keys"))
    known = Account(key=key, provider=provider, note="configured") if extra else _BY_KEY.get(key)
    if known is None or known.provider != provider:
        return None
    state = known.state if known.state != "valid" else knobs.provider(provider, "key_state")
    return Account(
        key=key,
        provider=provider,
        note=known.note,
        state=state,
        scopes=_scopes(known, knobs),
        credits=known.credits,
    )


def _scopes(account: Account, knobs: Knobs) -> frozenset[str]:
    narrowed = account.provider == "rivya" and knobs.rivya_scopes != "all"
    return account.scopes & words(knobs.rivya_scopes) if narrowed else account.scopes
