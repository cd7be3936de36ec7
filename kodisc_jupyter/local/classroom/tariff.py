"""What a render costs here. The vendor publishes no price list, so these numbers are made up.

They are chosen so that an ordinary medium render of about six seconds costs about fifty credits,
as one outside report has it. Credits are whole numbers. A failed scene costs nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kodisc_jupyter.api.models import Quality

RESERVE: Final[dict[Quality, int]] = {
    Quality.LOW: 5,
    Quality.MEDIUM: 20,
    Quality.HIGH: 40,
    Quality.TWOK: 80,
    Quality.FOURK: 160,
}
"""Credits set aside when a render is enqueued."""

RATE: Final[dict[Quality, int]] = {
    Quality.LOW: 2,
    Quality.MEDIUM: 8,
    Quality.HIGH: 16,
    Quality.TWOK: 32,
    Quality.FOURK: 64,
}
"""Credits per second of render wall-clock."""


def cost(quality: Quality, duration_ms: int) -> int:
    """Credits for a completed render: its seconds times the rate, rounded up, at least 1."""
    return max(1, -(-duration_ms * RATE[quality] // 1000))


@dataclass(frozen=True)
class CreditBalance:
    """Credits of a user: the free part is spent before the paid part."""

    paid: int
    free: int

    @property
    def total(self) -> int:
        """All credits that can be spent."""
        return self.paid + self.free

    def take(self, credits_: int) -> tuple[CreditBalance, CreditBalance] | None:
        """What is left and what was taken, or ``None`` when there is not enough."""
        if credits_ > self.total:
            return None
        free = min(self.free, credits_)
        taken = CreditBalance(paid=credits_ - free, free=free)
        return CreditBalance(self.paid - taken.paid, self.free - taken.free), taken

    def put_back(self, taken: CreditBalance) -> CreditBalance:
        """Give back what was taken, each part to where it came from."""
        return CreditBalance(self.paid + taken.paid, self.free + taken.free)
