"""What a CI publishes as its keys, read however odd it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from exercises.domain.errors import EngineError
from exercises.models import OidcIssuer
from exercises.models.due_work import database_now
from exercises.services import ci_keys
from exercises.services.ci_sign_in import sign_in
from tests.machines.conftest import ANOTHER, Ci, public

pytestmark = pytest.mark.django_db


def _is_old(issuer: OidcIssuer) -> None:
    long_ago = database_now() - timedelta(hours=2)
    OidcIssuer.objects.filter(pk=issuer.pk).update(keys_read_at=long_ago, keys_tried_at=long_ago)
    issuer.refresh_from_db()


def _published(ci: Ci) -> list[dict[str, Any]]:
    return [public(key, kid) for kid, key in ci.keys.items()]


@pytest.mark.parametrize("kid", [7, None, ["a"], {"a": "b"}, True, "é", "a\0"])
def test_a_key_whose_name_is_no_visible_text_is_left_out_and_the_others_count(
    ci: Ci, issuer: OidcIssuer, kid: Any
) -> None:
    ci.publish(public(ANOTHER, "odd") | {"kid": kid}, *_published(ci))
    _is_old(issuer)
    assert sign_in(ci.token(), reach=ci.server.reach).scopes
    issuer.refresh_from_db()
    assert [key["kid"] for key in issuer.keys] == ["rsa", "ec"]


@pytest.mark.parametrize("odd", ["a\0", "é", "\ud800"])
def test_what_a_key_says_beside_itself_is_kept_only_when_it_is_visible_text(
    ci: Ci, issuer: OidcIssuer, odd: str
) -> None:
    ci.publish(*(row | {"x": odd} if row["kid"] == "rsa" else row for row in _published(ci)))
    _is_old(issuer)
    ci_keys.read_keys(issuer, reach=ci.server.reach)
    assert issuer.keys_problem == ""
    assert ["x" in key for key in issuer.keys] == [False, True]


def test_an_issuer_that_is_removed_while_its_keys_are_read_lets_nobody_in_and_says_so(
    ci: Ci, issuer: OidcIssuer
) -> None:
    _is_old(issuer)
    reach = replace(ci.server.reach, resolve=_removing(issuer, ci.server.reach))
    with pytest.raises(EngineError, match="it was removed from here"):
        sign_in(ci.token(), reach=reach)


def test_a_rule_that_is_rewritten_while_a_job_signs_in_fails_no_job(
    ci: Ci, issuer: OidcIssuer
) -> None:
    with connection.execute_wrapper(_rewriting_rules):
        assert sign_in(ci.token()).scopes


def _removing(issuer: OidcIssuer, reach: Any) -> Any:
    def resolve(host: str, port: int) -> Any:
        OidcIssuer.objects.filter(pk=issuer.pk).delete()
        return reach.resolve(host, port)

    return resolve


def _rewriting_rules(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """As a lead does who saves the issuer: every rule of it is deleted and made anew."""
    if sql.startswith("SELECT") and 'FROM "exercises_user"' in sql:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM exercises_oidcrule")
    return execute(sql, params, many, context)
