"""Chat through Apprise: Slack, Teams, Google Chat, Mattermost and the like.

An address is a secret: whoever has it can write into the room. It also makes this server
call a host, so the services are few and hosts of one's own have to be named in the settings.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from apprise import Apprise, NotifyFormat
from django.conf import settings

from exercises.channels.protocol import Message, Outcome
from exercises.domain.errors import Invalid

MAX_ADDRESS: Final = 1000
CALLS_ITS_OWN: Final = frozenset({"slack", "discord", "gchat", "tgram", "wxteams", "msteams"})
"""Services that live at one place, which the address cannot change."""
CALLS_A_HOST: Final = frozenset(
    {"workflow", "workflows", "mmost", "mmosts", "rocket", "rockets", "matrix", "matrixs"}
    | {"ntfy", "ntfys", "json", "jsons"}
)
_OF_MICROSOFT: Final = (".logic.azure.com", ".powerplatform.com")
_NOT_OURS: Final = frozenset({"rto", "cto", "retry", "wait", "verify", "redirect", "store", "mode"})


def check(address: str) -> str:
    """What may be shown of an address. Raises Invalid when it cannot be used here."""
    if len(address) > MAX_ADDRESS:
        raise Invalid("address", f"at most {MAX_ADDRESS:,} characters")
    options = {name for name, _ in parse_qsl(urlsplit(address).query)}
    if options & _NOT_OURS:
        names = ", ".join(sorted(options & _NOT_OURS))
        raise Invalid("address", f"without the options {names}")
    service = _service(address)
    if service is None:
        raise Invalid(
            "address", "no address of Slack, Teams, Google Chat, Webex, Discord, Telegram,"
            " Mattermost, Rocket.Chat, Matrix or ntfy that can be read"
        )  # fmt: skip
    schemas = _schemas(service)
    if schemas & CALLS_A_HOST:
        _check_host(str(service.host or "").lower())
    elif not schemas & CALLS_ITS_OWN:
        raise Invalid("address", "a chat service that is not in use here")
    return str(service.url(privacy=True)).partition("?")[0][:254]


def send(address: str, message: Message) -> Outcome:
    """Write one message into the room."""
    try:
        check(address)
    except Invalid as error:
        return Outcome(False, str(error)[:300], is_final=True)
    service = _service(address)
    assert service is not None, "checked above"
    service.redirects = False  # to another host than the one that was checked
    is_taken = service.notify(
        title=message.subject, body=message.text, body_format=NotifyFormat.TEXT
    )
    if is_taken:
        return Outcome(True)
    return Outcome(False, "The chat service did not take it; the address may have been revoked.")


def _service(address: str) -> Any:
    try:
        return Apprise.instantiate(address, suppress_exceptions=True)
    except (TypeError, ValueError, AttributeError):
        return None


def _schemas(service: Any) -> frozenset[str]:
    found: set[str] = set()
    for names in (service.protocol, service.secure_protocol):
        found |= {names} if isinstance(names, str) else set(names or ())
    return frozenset(found)


def _check_host(host: str) -> None:
    if host in settings.CHAOSPLANE_CHAT_HOSTS or host.endswith(_OF_MICROSOFT):
        return
    raise Invalid(
        "address", f"the host {host or 'without a name'} is not among CHAOSPLANE_CHAT_HOSTS"
    )
