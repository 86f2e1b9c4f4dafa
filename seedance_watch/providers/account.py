"""Which account something was bought on, told by the key that was used.

Keys of paid calls, requests and tasks are remembered for each account. Under the key of another
one a replay would pay again, and what is not found there may well exist. Two keys of one account
look like two accounts: that is not to be seen from here.
"""

import hashlib

from seedance_watch.core.doubts import KEY_CHANGED
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Intended
from seedance_watch.providers.secrets import Secret

_DIGITS = 16  # tells keys apart, and leaves too little to find one by


def account_of(key: Secret, provider: str) -> str:
    """Give a key's fingerprint; the key does not follow from it."""
    text = f"seedance-watch {provider} {key.reveal()}"
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def is_other(account: str, key: Secret, provider: str) -> bool:
    """Whether something was bought with another key; not where that was not recorded."""
    return account not in {"", account_of(key, provider)}


def check_account(intent: Intended, key: Secret, provider: str, *, looks: bool) -> None:
    """Stop a paid call, a replay or a look with another key than that of the intent.

    Args:
        intent: What is about to be paid, or looked for.
        key: What it would be done with.
        provider: Whose key that is.
        looks: The paid call may have been made already.

    Raises:
        Fault: Nothing was sent. LOCAL: another intent may follow. UNSURE: it is looked for.
    """
    if not is_other(intent.account, key, provider):
        return
    if not looks:
        reason = f"the key of {provider} was changed just now; the job is sent with the new one"
        raise Fault(FaultKind.LOCAL, reason, code=KEY_CHANGED)
    reason = (
        f"the key of {provider} was changed since the paid call was made. With the key of "
        "another account it cannot be looked for: to send it again could pay again, and not to "
        "find it would prove nothing"
    )
    raise Fault(FaultKind.UNSURE, reason, code=KEY_CHANGED)


UNKNOWN = frozenset({404, 410})  # statuses of a task that an account does not have


def unknown(provider: str, said: str) -> Fault:
    """Say that a task is not known under the key that was put in since it was bought."""
    reason = (
        f"{said}; the key of {provider} was changed since this was paid, and another account does "
        "not know it: put the old key back until the video is here"
    )
    return Fault(FaultKind.GONE, reason, code=KEY_CHANGED)
