"""WSGI entry, for servers without ASGI: pages then poll instead of streaming."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from chaosplane.tracing import begin_traces

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chaosplane.settings")

begin_traces()
application = get_wsgi_application()
