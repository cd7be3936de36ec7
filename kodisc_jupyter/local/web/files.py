"""The finished files over HTTP."""

from __future__ import annotations

import contextlib
import hmac
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tornado import web  # type: ignore[attr-defined]

from kodisc_jupyter.api.models import JobStatus
from kodisc_jupyter.local.results import open_plain
from kodisc_jupyter.local.web.handler import ERRORS, MESSAGES, AppContext, Handler
from kodisc_jupyter.stage.task import CAPTIONS, THUMBNAIL, VIDEO

_CHUNK: Final = 64 << 10

_TYPES: Final = {
    VIDEO: "video/mp4",
    THUMBNAIL: "image/jpeg",
    CAPTIONS: "text/vtt; charset=utf-8",
}


class FileHandler(Handler, web.StaticFileHandler):  # type: ignore[misc]
    """A finished file, with Range and ETag; the token in its address is the permission."""

    def initialize(self, desk: AppContext) -> None:
        """Called by Tornado for each request."""
        Handler.initialize(self, desk)
        web.StaticFileHandler.initialize(self, str(desk.store.results))

    def set_default_headers(self) -> None:
        """A file never changes."""
        super().set_default_headers()
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")

    async def head(self, token: str, job_id: str, name: str) -> None:
        """Answer what ``GET`` would, without the file."""
        await self._send(token, job_id, name, include_body=False)

    async def get(self, token: str, job_id: str, name: str) -> None:
        """Answer with the file, or the part of it that was asked for."""
        await self._send(token, job_id, name, include_body=True)

    async def _send(self, token: str, job_id: str, name: str, *, include_body: bool) -> None:
        record = self.desk.jobs.find(job_id)
        if record is None or not hmac.compare_digest(record.token, token):
            raise web.HTTPError(404)
        if record.status is not JobStatus.COMPLETED:
            raise web.HTTPError(404)
        if not record.files_bytes:
            self.refuse(410, "gone", "This server no longer keeps the files of that job.")
            return
        if not stat.S_ISREG(_mode(self.desk.store.results_of(job_id) / name)):
            raise web.HTTPError(404)
        await web.StaticFileHandler.get(self, f"{job_id}/{name}", include_body)
        if self.get_status() == 416:
            self.refuse(416, ERRORS[416], MESSAGES[416])

    @classmethod
    def get_content(
        cls, abspath: str, start: int | None = None, end: int | None = None
    ) -> Iterator[bytes]:
        """The bytes, of a plain file only: whatever took its place since is not sent."""
        left = None if end is None else end - (start or 0)
        with os.fdopen(open_plain(abspath), "rb") as file:
            file.seek(start or 0)
            while chunk := file.read(_CHUNK if left is None else min(left, _CHUNK)):
                left = None if left is None else left - len(chunk)
                yield chunk

    def get_content_type(self) -> str:
        """The type of this kind of file."""
        assert self.absolute_path is not None
        return _TYPES[self.absolute_path.rsplit("/", 1)[-1]]

    def compute_etag(self) -> str | None:
        """Files never change: their address and length name their content."""
        assert self.absolute_path is not None
        job_id = self.absolute_path.rsplit("/", 2)[-2]
        return f'"{job_id}-{self.get_content_size()}"'


def _mode(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.lstat().st_mode
    return 0
