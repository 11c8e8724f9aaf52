"""Every address of the product: pages and API. Health is answered earlier, see health.py."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("exercises.api.badges")),
    path("api/", include("exercises.api.urls")),
    path("", include("exercises.web.urls")),
]
