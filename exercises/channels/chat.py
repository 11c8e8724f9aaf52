"""Chat through Apprise: Slack, Teams, Google Chat, Mattermost and the like.

An address is a secret: whoever has it can write into the room. It also makes this server
call a host, so the services are few and hosts of one's own have to be named in the settings.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from apprise import NotifyFormat
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.google_chat import NotifyGoogleChat
from apprise.plugins.mattermost import NotifyMattermost
from apprise.plugins.ntfy import NotifyNtfy
from apprise.plugins.rocketchat import NotifyRocketChat
from apprise.plugins.slack import NotifySlack
from apprise.plugins.telegram import NotifyTelegram
from apprise.plugins.webexteams import NotifyWebexTeams
from apprise.plugins.workflows import NotifyWorkflows
from django.conf import settings

from exercises.channels.protocol import Message, Outcome
from exercises.domain.errors import Invalid

MAX_ADDRESS: Final = 1000
_AT_ONE_PLACE: Final = (
    NotifySlack, NotifyGoogleChat, NotifyWebexTeams, NotifyDiscord, NotifyTelegram,
)  # fmt: skip
"""Services that live at one place, which an address cannot change."""
_AT_A_HOST: Final = (
    NotifyWorkflows, NotifyMattermost, NotifyRocketChat, NotifyNtfy, NotifyJSON,
)  # fmt: skip
_OF_MICROSOFT: Final = (".logic.azure.com", ".powerplatform.com")
_NOT_OURS: Final = frozenset({"rto", "cto", "retry", "wait", "verify", "redirect", "store", "mode"})


def check(address: str) -> str:
    """What may be shown of an address. Raises Invalid when it cannot be used here."""
    service = _service(address)
    name = str(service.service_name)
    return f"{name} at {service.host}"[:254] if isinstance(service, _AT_A_HOST) else name


def send(address: str, message: Message) -> Outcome:
    """Write one message into the room."""
    try:
        service = _service(address)
    except Invalid as error:
        return Outcome(False, str(error)[:300], is_final=True)
    service.redirects = False  # to another host than the one that was checked
    is_taken = service.notify(
        title=message.subject, body=message.text, body_format=NotifyFormat.TEXT
    )
    if is_taken:
        return Outcome(True)
    return Outcome(False, "The chat service did not take it; the address may have been revoked.")


def _service(address: str) -> Any:
    """The service that an address leads to. Raises Invalid."""
    if len(address) > MAX_ADDRESS:
        raise Invalid("address", f"at most {MAX_ADDRESS:,} characters")
    refused = sorted({name for name, _ in parse_qsl(urlsplit(address).query)} & _NOT_OURS)
    if refused:
        raise Invalid("address", f"without the options {', '.join(refused)}")
    for kind in (*_AT_ONE_PLACE, *_AT_A_HOST):
        if (service := _read(kind, address)) is not None:
            if kind in _AT_A_HOST:
                _check_host(str(service.host or "").lower())
            return service
    raise Invalid(
        "address", "no address of Slack, Teams, Google Chat, Webex, Discord, Telegram,"
        " Mattermost, Rocket.Chat or ntfy that can be read"
    )  # fmt: skip


def _read(kind: Any, address: str) -> Any:
    """The service if it is of this kind: as an Apprise URL or as the service itself gives it."""
    names: set[str] = set()
    for schemas in (kind.protocol, kind.secure_protocol):
        names |= {schemas} if isinstance(schemas, str) else set(schemas or ())
    scheme = address.partition("://")[0].lower()
    try:
        found = kind.parse_url(address) if scheme in names else kind.parse_native_url(address)
        return kind(**found) if found else None
    except (TypeError, ValueError, AttributeError):
        return None


def _check_host(host: str) -> None:
    if host in settings.CHAOSPLANE_CHAT_HOSTS or host.endswith(_OF_MICROSOFT):
        return
    raise Invalid(
        "address", f"the host {host or 'without a name'} is not among CHAOSPLANE_CHAT_HOSTS"
    )
