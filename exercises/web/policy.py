"""The policy: its table for everybody, another version, what it would change, and putting it
in force.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exercises.domain.blast_radius import Rung
from exercises.domain.capacities import label
from exercises.domain.errors import Invalid
from exercises.domain.policy import TIERS, PolicyRow, PolicyRules
from exercises.domain.policy_differences import differences
from exercises.domain.policy_document import document_of, parse
from exercises.models import PolicyVersion
from exercises.models.due_work import database_now
from exercises.permissions import authorize, may
from exercises.queries.policy import current_policy, document_of_version, history
from exercises.queries.policy_replay import replay
from exercises.services.policy import activate_policy, propose_policy
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.policy_table import (
    ENVIRONMENT_WORDS,
    Mistake,
    document_from,
    mistakes,
    rearranged,
    rows_to_fill,
)


@require_GET
@signed_in
def policy(request: SignedInRequest) -> HttpResponse:
    """What is in force, and every version with who wrote it and who put it in force."""
    rules = current_policy()
    context = {
        "rules": rules,
        "rows": rows_in_words(rules),
        "versions": history(),
        "may_propose": may(request.actor, "policy.propose"),
    }
    return render(request, "policy/policy.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def policy_new(request: SignedInRequest) -> HttpResponse:
    """Write another version as a table or as JSON; see what it would change, then propose it."""
    authorize(request.actor, "policy.propose")
    rules, then = current_policy(), request.POST.get("then", "")
    context: dict[str, Any] = {"reason": request.POST.get("reason", "")}
    is_json = request.POST.get("as") == "json"
    document, wrong = document_of_version(rules.number), list[Mistake]()
    try:
        if request.method == "POST":
            document = _document_sent(request, is_json=is_json)
            is_json = then == "json" or (is_json and then != "table")
            if then == "propose":
                version = propose_policy(
                    actor=request.actor, document=document, reason=context["reason"]
                )
                messages.success(request, f"Version {version.number} is proposed.")
                return redirect("policy_version", version.number)
            if then == "show":
                context |= _what_would_change(rules, parse(document))
    except Invalid as error:
        wrong = mistakes(error.problems)
    concurrency = document.get("concurrency")
    context |= {
        "is_json": is_json,
        "typed": (wrong and request.POST.get("rules")) or json.dumps(document, indent=2),
        "table": rows_to_fill(document, wrong),
        "per_place": concurrency.get("per_place") if isinstance(concurrency, dict) else "",
        "wrong": wrong,
        "rules_wrong": [
            f"{mistake.where}: {mistake.text}" for mistake in wrong if mistake.name != "reason"
        ],
        "wrong_with": {
            name: [mistake.text for mistake in wrong if mistake.name == name]
            for name in ("per_place", "reason")
        },
    }
    return render(request, "policy/new.html", context, status=422 if wrong else 200)


def _document_sent(request: SignedInRequest, *, is_json: bool) -> dict[str, object]:
    if is_json:
        return document_of(request.POST.get("rules", ""))
    sent = document_from(request.POST)
    return rearranged(sent, request.POST.get("then", "")) or sent


def _what_would_change(rules: PolicyRules, draft: PolicyRules) -> dict[str, Any]:
    return {
        "is_shown": True,
        "rows": rows_in_words(draft),
        "in_force": rules.number,
        "changed": differences_in_words(rules, draft),
        "replayed": replay(rules, draft, now=database_now()),
    }


@require_GET
@signed_in
def policy_version(request: SignedInRequest, number: int) -> HttpResponse:
    """One version: its table, what differs from the one in force, and what that would change."""
    version = get_object_or_404(PolicyVersion.objects.select_related("author"), number=number)
    rules, now_rules = parse(version.rules, number=version.number), current_policy()
    is_newer = version.number > now_rules.number
    context = {
        "version": version,
        "rows": rows_in_words(rules),
        "changed": differences_in_words(now_rules, rules),
        "in_force": now_rules.number,
        "is_newer": is_newer,
        "replayed": replay(now_rules, rules, now=database_now()) if is_newer else [],
        "may_activate": is_newer
        and may(request.actor, "policy.activate")
        and version.author_id != request.actor.user_id,
    }
    return render(request, "policy/version.html", context)


@require_POST
@signed_in
def policy_activate(request: SignedInRequest, number: int) -> HttpResponse:
    """Put the version that was read in force."""
    version = get_object_or_404(PolicyVersion, number=number)
    digest = request.POST.get("digest_seen", "")
    activate_policy(actor=request.actor, version=version, digest_seen=digest)
    messages.success(request, f"Version {version.number} is in force.")
    return redirect("policy")


def rows_in_words(rules: PolicyRules) -> list[dict[str, object]]:
    """The table's rows as people read them."""
    return [_row(row) for row in rules.rows]


def differences_in_words(before: PolicyRules, after: PolicyRules) -> list[dict[str, str]]:
    """What experiments would meet otherwise: where, which rule, what it was and would be."""
    return [
        {
            "where": ", ".join(ENVIRONMENT_WORDS[name] for name in d.environments) or "Everywhere",
            "reach": _few([Rung(rung).words for rung in d.rungs], len(Rung), "any reach"),
            "tiers": _few([f"tier {tier}" for tier in d.tiers], len(TIERS), "every tier"),
            "rule": d.rule,
            "before": d.before,
            "after": d.after,
        }
        for d in differences(before, after)
    ]


def _few(words: list[str], of: int, all_of_them: str) -> str:
    return all_of_them if len(words) == of else "; ".join(words)


def _row(row: PolicyRow) -> dict[str, object]:
    limits = [f"{row.max_minutes} min", f"{row.max_targets} resources"]
    if row.needs_alarm:
        limits.append("alarm stops it")
    if row.lead_time_h:
        limits.append(f"{row.lead_time_h} h between approval and start")
    if row.hours:
        limits.append(row.hours.words)
    if row.rehearsal_age_h:
        limits.append(f"rehearsed in the {row.rehearsal_age_h} h before")
    people = [label(c) + (f" × {n}" if n > 1 else "") for c, n in row.approvals.items() if n]
    return {
        "environments": [
            words for key, words in ENVIRONMENT_WORDS.items() if key in row.environments
        ],
        "rungs": _few([Rung(rung).words for rung in sorted(row.rungs)], len(Rung), "Any reach"),
        "tiers": _few([str(tier) for tier in sorted(row.tiers)], len(TIERS), "Every"),
        "people": people,
        "policy_alone": row.policy_alone,
        "limits": limits,
        "days": row.approval_days,
    }


urlpatterns = [
    path("policy/", policy, name="policy"),
    path("policy/new/", policy_new, name="policy_new"),
    path("policy/v<int:number>/", policy_version, name="policy_version"),
    path("policy/v<int:number>/activate/", policy_activate, name="policy_activate"),
]
