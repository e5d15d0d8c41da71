"""The console in a real browser: signing in, going places, and what must be true of every page."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

__all__ = ["ARGUMENTS", "CHROMIUM", "Console"]

_SHELL, _WHOLE = Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")
CHROMIUM = _SHELL if _SHELL.exists() else _WHOLE
"""The shell renders the same with half of the CPU: it has no window to draw around the page."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
WAIT_MS = 30_000
"""Generous: two cores, and the server has work of its own."""

VIOLATIONS = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', (e) =>
  window.__violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
"""


@dataclass
class Console:
    """One page of the browser. ``complaints`` collects what should never happen; ``check`` asserts there is none."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        self.page.add_init_script(VIOLATIONS)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", self._heard)
        self.page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        # A refused sign-in and a page without a session are answers; the browser logs every status above 399.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(f"console: {message.text}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.complaints.append(f"external: {request.url}")

    def sign_in(self, key: str = "test", secret: str = "test") -> None:
        """From the sign-in page to the page that was asked for."""
        self.page.get_by_label("Access key id").fill(key)
        self.page.get_by_label("Secret access key").fill(secret)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.locator("#top-bar")).to_be_visible()

    def open(self, path: str = "/", title: str | None = None) -> Page:
        """A page by its address, signed in; ``title`` is the heading to wait for."""
        self.page.goto(f"{self.url}/console/#{path}")
        top = self.page.locator("#top-bar")
        expect(top.or_(self.page.get_by_label("Access key id"))).to_be_visible()
        if not top.is_visible():
            self.sign_in()
        if title:
            expect(self.page.get_by_role("heading", level=1, name=title)).to_be_visible()
        return self.page

    def dark(self, on: bool) -> None:
        """The mode the system prefers; the console follows it."""
        # Colours in motion are neither mode's; with reduced motion they change at once.
        self.page.emulate_media(color_scheme="dark" if on else "light", reduced_motion="reduce")

    def violations(self) -> list[str]:
        """Serious and critical findings of axe (WCAG 2.1 A and AA), each with the first element it is about."""
        self.page.evaluate(AXE.read_text() + "; undefined")
        found = self.page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations']})"
            ".then((r) => r.violations)"
        )
        return [
            f"{v['impact']} {v['id']}: {node['html'][:160]} | {json.dumps(node['any'][:1])[:300]}"
            for v in found
            if v["impact"] in ("serious", "critical")
            for node in v["nodes"][:3]
        ]

    def check(self) -> None:
        """Nothing complained: no errors, no requests elsewhere, no violations of the policy."""
        refused = self.page.evaluate("window.__violations")
        assert [*self.complaints, *(f"policy: {each}" for each in refused)] == []

    def check_both_modes(self) -> None:
        """The page as it is now has no serious accessibility finding in the light and in the dark mode."""
        for on in (False, True):
            self.dark(on)
            expect(
                self.page.locator("body.awsui-dark-mode" if on else "body:not(.awsui-dark-mode)")
            ).to_be_attached()
            assert self.violations() == [], "dark" if on else "light"
        self.check()
