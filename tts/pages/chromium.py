"""Chromium without a window, asked over its DevTools protocol: what a page looks like and costs."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import aiohttp

from tts.errors import UsageError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--hide-scrollbars",
)
STARTED_WITHIN, ANSWERED_WITHIN = 60.0, 60.0
"""Seconds; a busy machine is slow to start it."""
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def found_chromium() -> str | None:
    """Where it lies on this machine; None: nowhere on the path."""
    return next((place for name in NAMES if (place := shutil.which(name))), None)


class Tab:
    """One page in the browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, session: str) -> None:
        self._socket, self._session, self._number = socket, session, 0
        self.said: list[dict[str, Any]] = []
        """Events, as they came."""

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """A method of the protocol; raises `UsageError` where the browser refuses it."""
        self._number += 1
        asked = {"id": self._number, "method": method, "params": params}
        await self._socket.send_json(
            {**asked, "sessionId": self._session} if self._session else asked
        )
        async with asyncio.timeout(ANSWERED_WITHIN):
            while True:
                told = await self._socket.receive_json()
                if told.get("id") == self._number:
                    break
                self.said.append(told)
        if "error" in told:
            raise UsageError(f"Chromium: {method}: {told['error'].get('message')}")
        result: dict[str, Any] = told["result"]
        return result

    async def open(self, address: str) -> None:
        """Until the page has loaded and drawn a frame; raises `UsageError` where it does not."""
        self.said.clear()
        told = await self.ask("Page.navigate", url=address)
        if "errorText" in told:
            raise UsageError(f"Chromium: {address}: {told['errorText']}")
        async with asyncio.timeout(ANSWERED_WITHIN):
            while not any(one.get("method") == "Page.loadEventFired" for one in self.said):
                self.said.append(await self._socket.receive_json())
        await self.run(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    async def run(self, script: str) -> Any:
        """What an expression of JavaScript gives, promises awaited."""
        told = await self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in told:
            raise UsageError(f"Chromium: {told['exceptionDetails'].get('text')}")
        return told["result"].get("value")

    async def look(
        self, width: int, height: int, *, dark: bool = False, scale: float = 1.0
    ) -> None:
        """Show pages in a window of this size, in CSS pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale}
        await self.ask("Emulation.setDeviceMetricsOverride", mobile=width < 500, **size)
        wanted = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.ask("Emulation.setEmulatedMedia", features=wanted)

    async def picture(self, *, whole: bool = False) -> bytes:
        """The window, or the whole page, as PNG."""
        told = await self.ask("Page.captureScreenshot", captureBeyondViewport=whole)
        return b64decode(told["data"])


class Chromium:
    """A browser of its own, with a profile that ends with it."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, profile: str) -> None:
        self._process, self._address, self._profile = process, address, profile

    @classmethod
    @asynccontextmanager
    async def started(cls, place: str | None = None) -> AsyncIterator[Self]:
        """Raises `UsageError` where there is none, or it does not start."""
        found = place or found_chromium()
        if found is None:
            raise UsageError(f"Chromium is needed and not on the path (as {', '.join(NAMES)}).")
        with TemporaryDirectory(prefix="tts-chromium-", ignore_cleanup_errors=True) as profile:
            boxed = ["--no-sandbox"] if os.geteuid() == 0 else []  # it refuses to run as root else
            process = await asyncio.create_subprocess_exec(
                found,
                *FLAGS,
                *boxed,
                f"--user-data-dir={profile}",
                "about:blank",
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                yield cls(process, await _address(Path(profile), process), profile)
            finally:
                await _ended(process)

    @asynccontextmanager
    async def tab(self) -> AsyncIterator[Tab]:
        """A page in a process of its own."""
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(self._address, max_msg_size=0) as socket,
        ):
            browser = Tab(socket, "")
            target = await browser.ask("Target.createTarget", url="about:blank")
            named = {"targetId": target["targetId"]}
            told = await browser.ask("Target.attachToTarget", flatten=True, **named)
            tab = Tab(socket, told["sessionId"])
            for domain in ("Page", "Runtime", "Log"):
                await tab.ask(f"{domain}.enable")
            yield tab
            await browser.ask("Target.closeTarget", **named)

    def renderers(self) -> Mapping[int, int]:
        """Proportional set sizes in KiB of the processes that hold pages, by process id."""
        found: dict[int, int] = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                try:
                    command = (folder / "cmdline").read_bytes()
                    if b"--type=renderer" in command and self._profile.encode() in command:
                        size = _PSS.search((folder / "smaps_rollup").read_text())
                        found[int(folder.name)] = int(size[1]) if size else 0
                except OSError:
                    continue  # it has ended meanwhile
        return found


async def _address(profile: Path, process: asyncio.subprocess.Process) -> str:
    file = profile / "DevToolsActivePort"
    try:
        async with asyncio.timeout(STARTED_WITHIN):
            while process.returncode is None:
                if file.exists() and len(lines := file.read_text().split()) == 2:
                    return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise UsageError(f"Chromium did not start within {STARTED_WITHIN:.0f} s.") from None
    raise UsageError(f"Chromium ended as it started, with exit code {process.returncode}.")


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        try:
            os.killpg(process.pid, 9)
        except ProcessLookupError:
            process.kill()
    await process.wait()
