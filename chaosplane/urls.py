"""Every address of the product: pages and API. Health is answered earlier, see health.py."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("exercises.api.badges")),
    path("api/", include("exercises.api.urls")),
    path("", include("exercises.web.urls")),
]

handler400 = "exercises.api.outside.bad_request"
handler403 = "exercises.api.outside.permission_denied"
handler404 = "exercises.api.outside.page_not_found"
handler500 = "exercises.api.outside.server_error"
