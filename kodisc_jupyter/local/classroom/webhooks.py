"""Tell a job's webhook of its end: signed, over HTTPS only, on the API page's schedule."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any, Final

from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.netutil import DefaultLoopResolver, Resolver

from kodisc_jupyter.api.webhooks import EVENT_HEADER, SIGNATURE_HEADER, sign_webhook
from kodisc_jupyter.local.classroom.ledger import JobRecord, Ledger, WebhookDelivery

SCHEDULE_S: Final = (30.0, 300.0, 1800.0)
"""Seconds before the second, third and fourth attempt."""

ANSWER_LIMIT_S: Final = 10.0
"""Delivered means a 2xx within this many seconds."""

log = logging.getLogger("kodisc_jupyter.local")


class PublicResolver(Resolver):  # type: ignore[misc]
    """Finds addresses of the internet only: not of this machine, nor of the network around it.

    The addresses that were looked at are those that are connected to.
    """

    def initialize(self) -> None:
        """Called by Tornado."""
        self._resolver = DefaultLoopResolver()

    async def resolve(self, host: str, port: int, family: int = 0) -> list[tuple[int, Any]]:
        """The public addresses of ``host``.

        Raises:
            OSError: there is none.
        """
        addresses = await self._resolver.resolve(host, port, family)
        public = [
            address for address in addresses if ip_address(address[1][0].split("%")[0]).is_global
        ]
        if not public:
            raise PermissionError("webhooks are not sent to this machine or its own network")
        return public


class Webhooks:
    """Delivers in the background of an event loop; what is not delivered survives a restart."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        origin: str,
        secret: Callable[[str], str],
        ca_file: str | None = None,
        private: bool = False,
        schedule_s: Sequence[float] = SCHEDULE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``secret`` gives the ``whsec_…`` secret of a user; ``ca_file`` replaces the system's.

        Only with ``private`` may a webhook reach this machine or its own network.
        """
        self._ledger = ledger
        self._origin = origin
        self._secret = secret
        self._ca_file = ca_file
        self._schedule_s = schedule_s
        self._clock = clock
        self._client = AsyncHTTPClient(
            force_instance=True, **({} if private else {"resolver": PublicResolver()})
        )
        self._tasks: set[asyncio.Task[None]] = set()

    def resume(self, find: Callable[[str], JobRecord | None]) -> None:
        """Go on with what an earlier server had not delivered."""
        for delivery in self._ledger.deliveries():
            record = find(delivery.job_id)
            if record is None:
                self._ledger.drop_delivery(delivery.job_id)
            else:
                self._begin(record, delivery)

    def announce(self, record: JobRecord) -> None:
        """Deliver a job that has ended to its ``webhook_url``."""
        delivery = WebhookDelivery(record.job_id, 0, self._clock())
        self._ledger.keep_delivery(delivery)
        self._begin(record, delivery)

    async def close(self) -> None:
        """Stop; what is left is delivered by the next server."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._client.close()

    def _begin(self, record: JobRecord, delivery: WebhookDelivery) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(record, delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, record: JobRecord, delivery: WebhookDelivery) -> None:
        body = json.dumps(record.answer(self._origin).to_json(), separators=(",", ":")).encode()
        attempts, due = delivery.attempts, delivery.due
        while True:
            # a clock that was put back makes nobody wait longer than the schedule does
            await asyncio.sleep(min(max(0.0, due - self._clock()), max(self._schedule_s)))
            problem = await self._post(record, body)
            attempts += 1
            if problem is None or attempts > len(self._schedule_s):
                break
            due = self._clock() + self._schedule_s[attempts - 1]
            self._ledger.keep_delivery(WebhookDelivery(record.job_id, attempts, due))
            log.info("webhook of %s, attempt %d: %s", record.job_id, attempts, problem)
        if problem is not None:
            log.warning("webhook of %s given up: %s", record.job_id, problem)
        self._ledger.drop_delivery(record.job_id)

    async def _post(self, record: JobRecord, body: bytes) -> str | None:
        """One attempt; what went wrong, or ``None``."""
        assert record.webhook_url is not None
        signature = sign_webhook(body, self._secret(record.user), int(self._clock()))
        try:
            await self._client.fetch(
                record.webhook_url,
                method="POST",
                headers={
                    "Content-Type": "application/json",
                    EVENT_HEADER: record.status.value,
                    SIGNATURE_HEADER: signature,
                },
                body=body,
                follow_redirects=False,
                connect_timeout=ANSWER_LIMIT_S,
                request_timeout=ANSWER_LIMIT_S,
                ca_certs=self._ca_file,
            )
        except HTTPClientError as problem:
            return f"answered {problem.code}"
        except Exception as problem:  # DNS, TLS, sockets: anything may come from there
            return type(problem).__name__
        return None
