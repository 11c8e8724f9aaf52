# syntax=docker/dockerfile:1
# Targets: `product` (web, worker, beat) and `simulator` (simulated AWS, never in production).

FROM python:3.11-slim AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --system --uid 10001 --no-create-home chaosplane
WORKDIR /app
COPY requirements/installer.lock requirements/
RUN pip install --require-hashes -r requirements/installer.lock
COPY requirements/ requirements/

FROM base AS product
# WeasyPrint writes the PDFs with Pango; templates are fetched from repositories with git.
RUN apt-get update && apt-get install -y --no-install-recommends git \
        libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/*
RUN uv pip install --system --compile-bytecode --require-hashes -r requirements/runtime.lock
# What plays Chaos Toolkit experiments shares nothing with the product.
RUN uv venv /opt/toolkit && uv pip install --python /opt/toolkit/bin/python --compile-bytecode \
    --require-hashes -r requirements/toolkit.lock
ENV CHAOSPLANE_TOOLKIT_PYTHON=/opt/toolkit/bin/python
COPY manage.py ./
COPY chaosplane/ chaosplane/
COPY exercises/ exercises/
COPY templates/ templates/
COPY static/ static/
# Static files do not depend on where it will run: any valid settings do to gather them.
RUN CHAOSPLANE_SECRET_KEY=only-to-gather-static-files CHAOSPLANE_BASE_URL=https://localhost \
    CHAOSPLANE_ALLOWED_HOSTS=localhost DATABASE_URL=postgresql://localhost/none \
    REDIS_URL=redis://localhost/0 python manage.py collectstatic --no-input
RUN install -d -m 700 -o chaosplane /var/lib/chaosplane/stop-journal /var/lib/chaosplane/toolkit
USER chaosplane
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["uvicorn", "chaosplane.asgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--timeout-graceful-shutdown", "2", "--no-access-log"]

FROM base AS simulator
RUN uv pip install --system --compile-bytecode --require-hashes -r requirements/embedded.lock
COPY simulator/ simulator/
USER chaosplane
EXPOSE 5055
CMD ["python", "-m", "simulator", "--host", "0.0.0.0", "--port", "5055", "--speed", "60"]
