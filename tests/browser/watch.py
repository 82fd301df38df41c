"""A watch over the pages of a browser: what they did that they should not have done."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile || ""}`));
"""


@dataclass(frozen=True, slots=True)
class Watch:
    """What a page did that it should not have done.

    A test that provokes something on purpose looks at it and clears the list.

    Attributes
    ----------
    home
        Host and port of the server; requests to any other are noted.
    outside
        Addresses asked for elsewhere.
    console
        Whatever was written to the console, as ``type: text``.
    errors
        Exceptions that nobody caught.
    violations
        What the Content-Security-Policy refused.
    """

    home: str
    outside: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Begin to watch all pages of a context, before the first is opened."""
        context.on("request", lambda request: self._asked(request.url))
        context.on("console", lambda said: self.console.append(f"{said.type}: {said.text}"))
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.expose_binding("reportViolation", lambda _, text: self.violations.append(text))
        context.add_init_script(REPORT_VIOLATIONS)

    def found(self) -> dict[str, list[str]]:
        """Return what was noted, by list; empty where all is well."""
        lists = {name: getattr(self, name) for name in ("outside", "console", "errors")}
        return {k: v for k, v in {**lists, "violations": self.violations}.items() if v}

    def clear(self) -> None:
        """Forget what was noted."""
        for noted in (self.outside, self.console, self.errors, self.violations):
            noted.clear()

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob", "about"} and parts.netloc != self.home:
            self.outside.append(url)
