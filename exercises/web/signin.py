"""Signing in and out: by e-mail and password, and in the demo by choosing a role.

A password may be tried a few times only: services.sign_in counts.
The one-click roles exist only when settings.CHAOSPLANE_DEMO is on, and only for people the
demo data made; anywhere else their address answers 404.
"""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from exercises.domain.errors import Refused
from exercises.models import User
from exercises.services.sign_in import attempt_failed, attempt_succeeded, begin_attempt

BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


class SignInForm(AuthenticationForm):
    """Django's form in our words."""

    username = forms.EmailField(
        label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    error_messages: Final = {  # type: ignore[misc]
        "invalid_login": "E-mail and password do not match. Check both and try again.",
        "inactive": "This account is closed. Ask a programme lead to open it again.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail"
        for field in self.fields.values():
            field.widget.attrs.pop("autofocus", None)

    def clean(self) -> dict[str, Any]:
        email = self.cleaned_data.get("username", "")
        if not email or not self.cleaned_data.get("password"):
            return self.cleaned_data
        try:
            attempt = begin_attempt(
                email=email, address=address_of(self.request) if self.request else ""
            )
        except Refused as error:
            [refusal] = error.refusals
            raise forms.ValidationError(f"{refusal.because} {refusal.lifted_by}") from error
        try:
            cleaned: dict[str, Any] = super().clean()
        except forms.ValidationError:
            attempt_failed(attempt)
            raise
        attempt_succeeded(attempt)
        return cleaned


class SignIn(LoginView):
    template_name = "signin/sign_in.html"
    form_class = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"demo_sign_ins": demo_sign_ins()}


def address_of(request: HttpRequest) -> str:
    """Who calls; behind a proxy the last entry, which is the one that the proxy wrote."""
    if settings.CHAOSPLANE_BEHIND_PROXY:
        named = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if named:
            return named[:45]
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def demo_sign_ins() -> list[User]:
    """The people of the demo, in the order they were made; nobody outside the demo."""
    if not settings.CHAOSPLANE_DEMO:
        return []
    return list(User.objects.filter(is_demo=True, is_active=True).order_by("pk"))


@require_POST
def sign_in_as(request: HttpRequest) -> HttpResponse:
    """Sign in with one click as a person of the demo."""
    if not settings.CHAOSPLANE_DEMO:
        raise Http404
    user = get_object_or_404(
        User, email=request.POST.get("email", ""), is_demo=True, is_active=True
    )
    login(request, user, backend=BACKEND)
    onward = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        onward, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(onward if is_ours else settings.LOGIN_REDIRECT_URL)


urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-in/as/", sign_in_as, name="sign_in_as"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
]
