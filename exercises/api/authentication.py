"""Who calls: a bearer token (RFC 6750), or the session of a signed-in browser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from exercises.domain.actors import Actor, Door
from exercises.domain.errors import NotAllowed
from exercises.models import ApiToken, User
from exercises.models.due_work import database_now
from exercises.permissions import actor_for
from exercises.services.tokens import digest_of

_NOTED_EVERY = timedelta(minutes=1)


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer cpl_...`. An unknown, expired or revoked token is refused with
    the same words, so that nobody learns which tokens once existed."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        now = database_now()
        token = (
            ApiToken.objects.select_related("user")
            .filter(digest=digest_of(secret.strip()), revoked_at=None, expires_at__gt=now)
            .first()
        )
        if token is None or not token.user.is_active:
            raise exceptions.AuthenticationFailed("This token is not valid.")
        if token.last_used_at is None or now - token.last_used_at > _NOTED_EVERY:
            token.last_used_at = now
            token.save(update_fields=["last_used_at"])
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="chaosplane"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, with the CSRF check; for the documentation page."""


class ReadsWithScope(permissions.BasePermission):
    """To read takes the scope read, at every address that does not say otherwise.

    What is written is asked of the use case, in exercises.permissions.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        scopes = token.scopes if isinstance(token := request.auth, ApiToken) else None
        if scopes is None or request.method not in permissions.SAFE_METHODS or "read" in scopes:
            return True
        raise NotAllowed("This token has no scope read.")


def actor_of(request: HttpRequest | Request) -> Actor:
    """The actor of an API request, with rights read anew and narrowed to the token's scopes."""
    user: Any = request.user
    token = getattr(request, "auth", None)
    if not isinstance(token, ApiToken):
        return actor_for(user, Door.API)
    return actor_for(user, Door.API, frozenset(token.scopes), until=token.expires_at)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "exercises.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from Settings, API tokens. It begins with cpl_.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "exercises.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
