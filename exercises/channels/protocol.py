"""What every way of telling people takes and answers. services.deliver is the caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail; chat has the link instead."""

    name: str
    content: bytes
    kind: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message, ready to leave. `key` is the same for each try, so that a receiver can
    tell a repetition."""

    key: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the next hop took it. `is_final`: trying again cannot help."""

    is_sent: bool
    error: str = ""
    is_final: bool = False


class Way(Protocol):
    """Mail, chat: hands a message to an address and says how that went. Never raises for
    what is wrong out there."""

    def __call__(self, address: str, message: Message) -> Outcome: ...
