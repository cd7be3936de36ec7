"""Numbers of credits as people write them; what the API did not say is "unknown"."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kodisc_jupyter.api.values import Credits

if TYPE_CHECKING:
    from kodisc_jupyter.api.models import Balance


def amount(credits_: Credits | None) -> str:
    """A number of credits without its unit: ``2,040``; ``None`` is "unknown"."""
    if credits_ is None or not math.isfinite(credits_):
        return "unknown"
    if isinstance(credits_, int) or credits_.is_integer():
        return f"{int(credits_):,}".replace("-", "−")
    return f"{credits_:,.2f}".rstrip("0").replace("-", "−")


def credits_of(number: Credits | None) -> str:
    """``1 credit``, ``1,914 credits``, ``unknown``."""
    if number is None:
        return amount(None)
    return f"{amount(number)} credit{'' if number == 1 else 's'}"


def parts(balance: Balance) -> str:
    """Where a balance comes from: ``1,840 paid + 200 free``."""
    return f"{amount(balance.paid)} paid + {amount(balance.free)} free"


def balance_text(balance: Balance | None) -> str:
    """A balance as a sentence."""
    if balance is None:
        return "The balance could not be read."
    return f"Balance: {credits_of(balance.total)} ({parts(balance)})."
