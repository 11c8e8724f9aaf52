"""Teams: the list, and who belongs to each. One team's other tabs are in web.team_pages."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from exercises.domain.capacities import TeamRole
from exercises.domain.errors import Invalid
from exercises.models import Membership, Team, User
from exercises.models.due_work import database_now
from exercises.permissions import authorize, may
from exercises.queries.teams import team_members, team_rows
from exercises.services.teams import add_member, change_role, create_team, remove_member
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.team_pages import team_head


@signed_in
@require_http_methods(["GET", "POST"])
def team_list(request: SignedInRequest) -> HttpResponse:
    """Every team; a programme lead adds one here."""
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            team = create_team(
                actor=request.actor,
                slug=request.POST.get("slug", "").strip(),
                name=request.POST.get("name", ""),
            )
        except Invalid as error:
            errors = form_errors(error)
        else:
            messages.success(request, f"{team.name} is created. Add its members next.")
            return redirect("team_detail", slug=team.slug)
    text = request.GET.get("q", "")
    context = {
        "rows": team_rows(request.actor, now=database_now(), text=text),
        "q": text,
        "may_create": may(request.actor, "team.create"),
        "typed": request.POST,
        "errors": errors,
    }
    return render(request, "teams/team_list.html", context, status=422 if errors else 200)


@signed_in
@require_http_methods(["GET", "POST"])
def team_member_list(request: SignedInRequest, slug: str) -> HttpResponse:
    """Who belongs to the team; its owners take people in, by e-mail address."""
    team = get_object_or_404(Team, slug=slug)
    if request.method == "GET":
        return _members(request, team)
    authorize(request.actor, "team.manage", team)
    email = request.POST.get("email", "").strip()
    try:
        user = _person(email)
        add_member(actor=request.actor, team=team, user=user, role=request.POST.get("role", ""))
    except Invalid as error:
        found = form_errors(error)
        errors = {"email": found.get("email"), "role": found.get("role")}
        return _members(request, team, errors=errors)
    messages.success(request, f"{user.name} belongs to {team.name} now.")
    return redirect("team_members", slug=slug)


@signed_in
@require_POST
def team_member_change(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    """Give a member another role, or take them out of the team."""
    membership = get_object_or_404(
        Membership.objects.select_related("team", "user"), pk=pk, team__slug=slug
    )
    name = membership.user.name
    if "remove" in request.POST:
        remove_member(actor=request.actor, membership=membership)
        messages.success(request, f"{name} left {membership.team.name}.")
    else:
        role = request.POST.get("role", "")
        change_role(actor=request.actor, membership=membership, role=role)
        messages.success(request, f"{name} is {role} now.")
    return redirect("team_members", slug=slug)


def _person(email: str) -> User:
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise Invalid("email", "nobody here has this address; they sign in once first")
    return user


def _members(
    request: SignedInRequest, team: Team, *, errors: dict[str, list[str] | None] | None = None
) -> HttpResponse:
    context = team_head(request, team) | {
        "members": team_members(team),
        "roles": [role.value for role in TeamRole],
        "typed": request.POST,
        "errors": errors or {},
    }
    return render(request, "teams/team_members.html", context, status=422 if errors else 200)


urlpatterns = [
    path("teams/", team_list, name="team_list"),
    path("teams/<slug:slug>/members/", team_member_list, name="team_members"),
    path("teams/<slug:slug>/members/<int:pk>/", team_member_change, name="team_member_change"),
]
