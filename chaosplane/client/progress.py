"""What happens while a command waits: one line that changes on a terminal, else a line a change."""

from __future__ import annotations

from typing import Final, TextIO

CLEAR: Final = "\r\x1b[K"


class Progress:
    """Written to the error stream, so that the result alone is on the output."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._is_live, self._last, self._is_open = out, out.isatty(), "", False

    def show(self, stage: str, since: str = "") -> None:
        """`since` changes all the time and is for terminals alone."""
        if self._is_live:
            self._out.write(CLEAR + stage + (f"  {since}" if since else ""))
            self._is_open = True
        elif stage != self._last:
            self._out.write(stage + "\n")
        self._last = stage
        self._out.flush()

    def say(self, line: str) -> None:
        """A line that stays."""
        self.end()
        self._out.write(line + "\n")
        self._out.flush()

    def end(self) -> None:
        if self._is_open:
            self._out.write("\n")
            self._is_open = False


def span(seconds: float) -> str:
    """6 m 05 s; 1 h 02 m."""
    whole = max(0, int(seconds))
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} m"
    return f"{whole // 60} m {whole % 60:02d} s"
