"""Every address of the product: pages, API, and the two questions of a load balancer."""

from __future__ import annotations

from django.urls import include, path

from chaosplane import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/", include("exercises.api.urls")),
    path("", include("exercises.web.urls")),
]
