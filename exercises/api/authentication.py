"""Who calls: a bearer token (RFC 6750), or the session of a signed-in browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from exercises.domain.actors import Actor, Door
from exercises.domain.errors import EngineError, NotAllowed
from exercises.models import ApiToken, User
from exercises.models.due_work import database_now
from exercises.permissions import actor_for
from exercises.services.ci_sign_in import CiPass, TokenRefused, is_of_ci, sign_in
from exercises.services.tokens import digest_of

_NOTED_EVERY = timedelta(minutes=1)


Credential = ApiToken | CiPass


class NotLetIn(exceptions.AuthenticationFailed):
    """A token of CI, with what is wrong with it by claim."""

    def __init__(self, error: TokenRefused) -> None:
        super().__init__(str(error), error.code)
        self.problems = error.problems


class KeysUnread(exceptions.APIException):
    status_code = 503
    default_detail = "The keys of its issuer cannot be read."
    default_code = "keys_unread"


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer`: a token of ours (cpl_...), or one that a CI signed for its job.

    An unknown, expired or revoked token of ours is refused with the same words, so that nobody
    learns which tokens once existed.
    """

    def authenticate(self, request: Request) -> tuple[User, Credential] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        if is_of_ci(secret.strip()):
            return _from_ci(secret.strip())
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
        found = credential_of(request)
        is_read = request.method in permissions.SAFE_METHODS
        if found is None or not is_read or "read" in found.scopes:
            return True
        raise NotAllowed("This token has no scope read.")


def credential_of(request: HttpRequest | Request) -> Credential | None:
    """What a program came with; None for a browser's session."""
    found = getattr(request, "auth", None)
    return found if isinstance(found, ApiToken | CiPass) else None


def counted_as(credential: Credential) -> str:
    """Whose requests are counted together: each token's; and all of a service that come from CI,
    where every job has a token of its own."""
    if isinstance(credential, ApiToken):
        return str(credential.pk)
    return f"ci:{credential.user.pk}"


def actor_of(request: HttpRequest | Request) -> Actor:
    """The actor of an API request, with rights read anew and narrowed to the token's scopes."""
    user: Any = request.user
    found = credential_of(request)
    if found is None:
        return actor_for(user, Door.API)
    actor = actor_for(user, Door.API, frozenset(found.scopes), until=found.expires_at)
    return replace(actor, vouched_by=found.vouched_by)


def _from_ci(secret: str) -> tuple[User, CiPass]:
    try:
        found = sign_in(secret)
    except TokenRefused as error:
        raise NotLetIn(error) from error
    except EngineError as error:
        raise KeysUnread(str(error)) from error
    return found.user, found


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "exercises.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from Settings, API tokens, which begins with cpl_; or the"
            " OIDC token of a CI job (a JWT), where its CI is configured.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "exercises.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
