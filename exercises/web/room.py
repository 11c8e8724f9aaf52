"""The live room: what runs, what it does to the application, and what people saw."""

from __future__ import annotations

from django.urls import path

urlpatterns: list = []
