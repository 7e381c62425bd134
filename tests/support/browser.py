"""A headless Chromium for pages, by the WebDriver protocol that its chromedriver speaks."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
START_S = 20.0
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-color-profile=srgb"),
)
WITHOUT = "no chromium and chromedriver here: apt install chromium chromium-driver"


class Page:
    """A page that is open."""

    def __init__(self, base: str) -> None:
        self._base = base

    def run(self, script: str, *arguments: Any) -> Any:
        """What a function of this body returns."""
        return _send("POST", f"{self._base}/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, condition: str, seconds: float = 20.0) -> None:
        """Until an expression is true. Raises AssertionError."""
        end = time.monotonic() + seconds
        while not self.run(f"return Boolean({condition})"):
            assert time.monotonic() < end, f"never true on the page: {condition}"
            time.sleep(0.05)

    def press(self, key: str) -> None:
        """Press a key down and let it go."""
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        _send("POST", f"{self._base}/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    @property
    def errors(self) -> list[str]:
        """What the console has of warnings and errors."""
        return [f"{entry['level']}: {entry['message']}" for entry in _send("POST", f"{self._base}/se/log", {"type": "browser"})]

    def screenshot(self, path: Path) -> None:
        """A PNG of what is in the window."""
        path.write_bytes(base64.b64decode(_send("GET", f"{self._base}/screenshot")))


@contextmanager
def opened(path: Path, width: int, height: int, profile: Path) -> Iterator[Page]:
    """A file in a window of this width; below 500 px as on a phone. profile: an empty folder."""
    assert BROWSER is not None
    assert DRIVER is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    driver = subprocess.Popen([DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        own = (f"--user-data-dir={profile}", f"--window-size={width},{height}")
        options: dict[str, Any] = {"binary": BROWSER, "args": [*FLAGS, *own]}
        if width < 500:
            options["mobileEmulation"] = {"deviceMetrics": {"width": width, "height": height, "pixelRatio": 1, "touch": True}}
        wanted = {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "WARNING"}}}
        server = f"http://127.0.0.1:{port}"
        _until_it_answers(server)
        session = f"{server}/session/{_send('POST', f'{server}/session', {'capabilities': wanted})['sessionId']}"
        try:
            _send("POST", f"{session}/url", {"url": path.resolve().as_uri()})
            yield Page(session)
        finally:
            _send("DELETE", session)
    finally:
        driver.terminate()
        driver.wait()


def _until_it_answers(server: str) -> None:
    end = time.monotonic() + START_S
    while True:
        try:
            _send("GET", f"{server}/status")
            return
        except OSError:
            assert time.monotonic() < end, "chromedriver does not answer"
            time.sleep(0.1)


def _send(method: str, url: str, data: Any = None) -> Any:
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is this machine
    with opener.open(request, timeout=60) as answer:
        return json.loads(answer.read())["value"]
