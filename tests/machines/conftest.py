"""A CI of our own: it signs tokens with real keys and publishes them over https."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from exercises.domain.ci_claims import Rule, read_rules
from exercises.models import OidcIssuer
from exercises.services.ci_issuers import add_issuer
from tests.cast import Cast
from tests.https_server import HttpsServer, serving

HOST: Final = "ci.example.test"
URL: Final = f"https://{HOST}"
AUDIENCE: Final = "https://chaos.example.test"
RULES: Final = "vehicle-telemetry: read write stop if repository = org/app and ref = refs/heads/*"

_RSA: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_EC: Final = ec.generate_private_key(ec.SECP256R1())
ANOTHER: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public(key: Any, kid: str, **more: str) -> dict[str, Any]:
    """The public part of a key, as a CI publishes it."""
    kind = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", **more}


@dataclass
class Ci:
    """Signs tokens as a CI does."""

    server: HttpsServer
    keys: dict[str, Any] = field(default_factory=lambda: {"rsa": _RSA, "ec": _EC})

    def publish(self, *rows: dict[str, Any], **about: Any) -> None:
        """What stands in its discovery document and its key set."""
        found = {"issuer": URL, "jwks_uri": f"{URL}/keys", **about}
        self.server.pages["/.well-known/openid-configuration"] = json.dumps(found).encode()
        shown = rows or tuple(public(key, kid) for kid, key in self.keys.items())
        self.server.pages["/keys"] = json.dumps({"keys": shown}).encode()

    def token(self, *, kid: str = "rsa", key: Any = None, alg: str = "", **claims: Any) -> str:
        """Of the job org/app on its main branch, unless told otherwise; None leaves a claim out."""
        now = int(time.time())
        said = {
            "iss": URL,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 300,
            "sub": "repo:org/app:ref:refs/heads/main",
            "repository": "org/app",
            "ref": "refs/heads/main",
        } | claims
        said = {name: value for name, value in said.items() if value is not None}
        algorithm = alg or ("ES256" if kid == "ec" else "RS256")
        signing = key if key is not None else self.keys.get(kid, _RSA)
        return jwt.api_jws.encode(
            json.dumps(said).encode(), signing, algorithm, headers={"kid": kid, "typ": "JWT"}
        )


@pytest.fixture
def ci(tmp_path: Path) -> Iterator[Ci]:
    with serving(HOST, "/", tmp_path) as server:
        found = Ci(server)
        found.publish()
        yield found


def rules(text: str = RULES) -> list[Rule]:
    return read_rules(text)


@pytest.fixture
def issuer(cast: Cast, ci: Ci) -> OidcIssuer:
    """Configured, its keys read."""
    return add_issuer(
        actor=cast.actor("lead"), url=URL, audience=AUDIENCE, rules=rules(), reach=ci.server.reach
    )
