"""What users can spend: credits set aside, settled and given back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from kodisc_jupyter.api.models import Quality
from kodisc_jupyter.local.classroom.ledger import Ledger
from kodisc_jupyter.local.classroom.tariff import RESERVE, CreditBalance
from kodisc_jupyter.local.classroom.users import User


class InsufficientCreditsError(Exception):
    """The balance is below the reserve; no job was made."""

    def __init__(self, reserve: int, purse: CreditBalance) -> None:
        super().__init__(reserve, purse)
        self.reserve = reserve
        self.purse = purse


class Accounts:
    """The users' accounts in the ledger, at the time of ``clock`` (epoch seconds)."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._ledger = ledger
        self._clock = clock

    def balance(self, user: User) -> CreditBalance:
        """What this user can spend now."""
        if user.credits is None:
            return CreditBalance(0, 0)
        return self._ledger.purse(
            user.name, credits_=user.credits, free=user.free, month=self._month()
        )

    def withhold(self, user: User) -> None:
        """Count what this user was given as spent, if the account is not known."""
        if user.credits is not None:
            self._ledger.withhold(
                user.name, credits_=user.credits, free=user.free, month=self._month()
            )

    def reserve(
        self, user: User, quality: Quality
    ) -> tuple[CreditBalance | None, CreditBalance | None]:
        """What is left and what was set aside; nothing of either where credits are unlimited.

        Raises:
            InsufficientCreditsError: the balance is below the reserve.
        """
        if user.credits is None:
            return None, None
        balance = self.balance(user)
        split = balance.take(RESERVE[quality])
        if split is None:
            raise InsufficientCreditsError(RESERVE[quality], balance)
        return split

    def settled(self, user: User, reserved: CreditBalance, charged: int) -> CreditBalance | None:
        """The balance once ``charged`` is paid, ``None`` when it cannot be covered."""
        split = self.balance(user).put_back(reserved).take(charged)
        return None if split is None else split[0]

    def _month(self) -> str:
        at = dt.datetime.fromtimestamp(self._clock(), dt.timezone.utc)
        return f"{at:%Y-%m}"
