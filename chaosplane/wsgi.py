"""WSGI entry, for servers without ASGI: pages then poll instead of streaming."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chaosplane.settings")

application = get_wsgi_application()
