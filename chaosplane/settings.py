"""Django settings, read from the environment; docs/operations/settings.md explains each variable.

Production is what you get when nothing is said: anything weaker has to be asked for by
CHAOSPLANE_ENV, and production refuses to start with the demo's secrets or a stand-in for AWS.
"""

from __future__ import annotations

import os
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from chaosplane import embedded
from chaosplane.environment import Environment, broker, database, mail

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment(os.environ)

CHAOSPLANE_ENV = env.choice(
    "CHAOSPLANE_ENV", ("production", "demo", "test", "development"), "production"
)
PRODUCTION = CHAOSPLANE_ENV == "production"
CHAOSPLANE_DEMO = CHAOSPLANE_ENV == "demo"
DEBUG = CHAOSPLANE_ENV == "development"

# -- Secrets and addresses ---------------------------------------------------------------

# Known to everyone who reads this file: good for a demo on one's own machine, nothing else.
DEMO_SECRET_KEY = "the-demo-signs-with-a-key-that-everyone-can-read-on-purpose-0001"  # noqa: S105
SECRET_KEY = env.text("CHAOSPLANE_SECRET_KEY", None if PRODUCTION else DEMO_SECRET_KEY)
SECRET_KEY_FALLBACKS = env.names("CHAOSPLANE_SECRET_KEY_FALLBACKS")
CHAOSPLANE_BASE_URL = env.text(
    "CHAOSPLANE_BASE_URL", None if PRODUCTION else "http://127.0.0.1:8000"
).rstrip("/")
ALLOWED_HOSTS = env.names(
    "CHAOSPLANE_ALLOWED_HOSTS", "" if PRODUCTION else "127.0.0.1,localhost,[::1],testserver"
)
CSRF_TRUSTED_ORIGINS = env.names("CHAOSPLANE_TRUSTED_ORIGINS")
CHAOSPLANE_BEHIND_PROXY = env.flag("CHAOSPLANE_BEHIND_PROXY", False)

# -- Simulated AWS -----------------------------------------------------------------------

SIMULATED_AWS = env.starting_with("AWS_ENDPOINT_URL")
CHAOSPLANE_TIME_SPEED = env.number("CHAOSPLANE_TIME_SPEED", 1, least=0.1, most=600)
CHAOSPLANE_TICK_S = env.number("CHAOSPLANE_TICK_S", 1, least=0.1, most=60)
CHAOSPLANE_OBSERVE_INTERVAL_S = env.number(
    "CHAOSPLANE_OBSERVE_INTERVAL_S", 1 if CHAOSPLANE_DEMO else 5, least=0.5, most=60
)
CHAOSPLANE_PROBE_ORIGINS = env.origins("CHAOSPLANE_PROBE_ORIGINS")
CHAOSPLANE_GIT_ORIGINS = env.origins("CHAOSPLANE_GIT_ORIGINS")

if PRODUCTION:
    if SECRET_KEY == DEMO_SECRET_KEY or DEMO_SECRET_KEY in SECRET_KEY_FALLBACKS:
        raise ImproperlyConfigured(
            "CHAOSPLANE_SECRET_KEY is the demo's, which everyone can read: make one with"
            ' python3 -c "import secrets; print(secrets.token_urlsafe(64))".'
        )
    if SIMULATED_AWS:
        raise ImproperlyConfigured(
            f"{', '.join(SIMULATED_AWS)}: production talks to AWS itself, never to a stand-in."
            " Unset it, or set CHAOSPLANE_ENV=demo."
        )
    if env.text("CHAOSPLANE_FAILPOINTS", ""):
        raise ImproperlyConfigured(
            "CHAOSPLANE_FAILPOINTS has processes killed on purpose: it is for tests only. Unset it."
        )
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "CHAOSPLANE_ALLOWED_HOSTS must name the hosts people use, without '*'."
        )
    # The same override may stand in a shared AWS configuration file, where we cannot see it.
    os.environ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
if CHAOSPLANE_TIME_SPEED != 1 and (PRODUCTION or not (SIMULATED_AWS or CHAOSPLANE_ENV == "test")):
    raise ImproperlyConfigured(
        "CHAOSPLANE_TIME_SPEED other than 1 needs the simulator (AWS_ENDPOINT_URL)"
        " and is refused in production: real AWS runs on real time."
    )

# -- Stop --------------------------------------------------------------------------------

CHAOSPLANE_STOP_JOURNAL = env.text(
    "CHAOSPLANE_STOP_JOURNAL",
    "/var/lib/chaosplane/stop-journal"
    if PRODUCTION
    else str(embedded.home(os.environ) / "stop-journal"),
)

# -- Chaos Toolkit -----------------------------------------------------------------------

# Read from the environment by the engine, which must work without these settings.
os.environ.setdefault(
    "CHAOSPLANE_TOOLKIT_DIR",
    "/var/lib/chaosplane/toolkit" if PRODUCTION else str(embedded.home(os.environ) / "toolkit"),
)
if not PRODUCTION:
    os.environ.setdefault(
        "CHAOSPLANE_TOOLKIT_PYTHON", str(BASE_DIR / ".venv-toolkit" / "bin" / "python")
    )

# -- Being monitored ---------------------------------------------------------------------

CHAOSPLANE_METRICS_TOKEN = env.text("CHAOSPLANE_METRICS_TOKEN", "")
if 0 < len(CHAOSPLANE_METRICS_TOKEN) < 16:
    raise ImproperlyConfigured("CHAOSPLANE_METRICS_TOKEN must have 16 characters or more.")
CHAOSPLANE_OTEL = env.flag("CHAOSPLANE_OTEL", False)

# -- Evidence ----------------------------------------------------------------------------

CHAOSPLANE_CLAUSES = env.text("CHAOSPLANE_CLAUSES", "")

# -- Retention ---------------------------------------------------------------------------

CHAOSPLANE_KEEP_SAMPLES_DAYS = env.number("CHAOSPLANE_KEEP_SAMPLES_DAYS", 0, least=0, most=36_500)
CHAOSPLANE_KEEP_DOCUMENTS_DAYS = env.number(
    "CHAOSPLANE_KEEP_DOCUMENTS_DAYS", 0, least=0, most=36_500
)
CHAOSPLANE_KEEP_NOTICES_DAYS = env.number("CHAOSPLANE_KEEP_NOTICES_DAYS", 0, least=0, most=36_500)

# -- Database, queue ---------------------------------------------------------------------

_embedded = embedded.addresses(embedded.home(os.environ))
_pool_size = int(env.number("CHAOSPLANE_DB_POOL", 20, least=0, most=200))
DATABASES = {
    "default": database(
        "DATABASE_URL",
        env.text("DATABASE_URL", None if PRODUCTION else _embedded.database_url),
        pool={"min_size": 1, "max_size": _pool_size, "timeout": 10} if _pool_size else None,
    )
}
# With a pool Django must not keep connections of its own; the pool checks them instead.
DATABASES["default"] |= {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}

REDIS_URL = env.text("REDIS_URL", None if PRODUCTION else _embedded.redis_url)

# Every task is an idempotent "look now": redelivery is welcome, results are rows, and a
# message that cannot be sent is made up for by the next tick.
CELERY_BROKER_URL = broker("REDIS_URL", REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "health_check_interval": 25,
}
CELERY_TASK_DEFAULT_QUEUE = "chaosplane"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20.0 if PRODUCTION else 2.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "tick": {
        "task": "exercises.tick",
        "schedule": CHAOSPLANE_TICK_S,
        # Ticks that nobody took while workers were away say nothing new: let them lapse.
        "options": {"expires": 10},
    }
}
CELERY_TIMEZONE = "UTC"

# -- Telling people ----------------------------------------------------------------------

# Without an address of a mail server people are told in their inbox and by chat only; outside
# production mails are files that one can read.
CHAOSPLANE_MAIL_URL = env.text("CHAOSPLANE_MAIL_URL", "")
EMAIL_FILE_PATH = env.text("CHAOSPLANE_MAIL_FOLDER", str(embedded.home(os.environ) / "mail"))
vars().update(mail("CHAOSPLANE_MAIL_URL", CHAOSPLANE_MAIL_URL))
CHAOSPLANE_SENDS_MAIL = bool(CHAOSPLANE_MAIL_URL) or not PRODUCTION
if not CHAOSPLANE_MAIL_URL:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
DEFAULT_FROM_EMAIL = env.text("CHAOSPLANE_MAIL_FROM", "chaosplane@localhost")
EMAIL_TIMEOUT = 10
CHAOSPLANE_CHAT_HOSTS = env.names("CHAOSPLANE_CHAT_HOSTS")

# -- Application -------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "exercises",
]
MIDDLEWARE = [
    "chaosplane.request_ids.name_requests",
    "chaosplane.health.answer_health",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    # Before everything that needs the database.
    "exercises.web.stop_now.StopWithoutSession",
    "exercises.api.stop_without_database.StopWithoutDatabase",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "exercises.web.middleware.ActorMiddleware",
]
ROOT_URLCONF = "chaosplane.urls"
ASGI_APPLICATION = "chaosplane.asgi.application"
WSGI_APPLICATION = "chaosplane.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "exercises.web.context.page",
                "exercises.web.blameless.names",
            ],
        },
    }
]
AUTH_USER_MODEL = "exercises.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
if CHAOSPLANE_ENV == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
# Outside production a style that is edited shows with the next request.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# -- API ---------------------------------------------------------------------------------

CHAOSPLANE_API_RATE = env.number("CHAOSPLANE_API_RATE", 6000, least=0, most=1_000_000)
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "exercises.api.openapi.Schema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "exercises.api.authentication.TokenAuthentication",
        "exercises.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "exercises.api.authentication.ReadsWithScope",
    ],
    "DEFAULT_PARSER_CLASSES": ["exercises.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "exercises.api.pagination.Pages",
    "DEFAULT_THROTTLE_CLASSES": ["exercises.api.throttling.TokenRate"],
    "EXCEPTION_HANDLER": "exercises.api.errors.problem_response",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["exercises.api.filters.StrictFilters"],
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS says no more than the OpenAPI document
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "chaosplane",
    "DESCRIPTION": "Exercises, experiments, approvals, runs and findings.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "ExperimentStatusEnum": "exercises.models.experiments.STATUSES",
        "FeedWhatEnum": "exercises.models.calendar_feeds.WHAT",
        "GateStatusEnum": "exercises.api.gates.STATUSES",
        "ExerciseKindEnum": "exercises.models.exercises.KINDS",
        "ChannelKindEnum": "exercises.models.notifications.KINDS",
        "IncidentSeverityEnum": "exercises.models.incidents.SEVERITIES",
        "TokenScopeEnum": "exercises.api.tokens.SCOPES",
        "CiScopeEnum": "exercises.api.ci_issuers.SCOPES",
        "EnvironmentEnum": "exercises.models.accounts.ENVIRONMENTS",
        "ParticipationAnswerEnum": "exercises.models.exercises.Participation.ANSWERS",
        "QuestionAnswerEnum": "exercises.models.propagation.FindingQuestion.ANSWERS",
    },
}

# -- What a browser may do ---------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
if PRODUCTION:
    # __Host- ties a cookie to this very host: no sibling subdomain can plant one.
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.flag("CHAOSPLANE_HTTPS_REDIRECT", True)
    if CHAOSPLANE_BEHIND_PROXY:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    # Preloading binds the whole registered domain, which is not ours to decide.
    SILENCED_SYSTEM_CHECKS = ["security.W021"]

# -- Logs --------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "chaosplane.logging.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {
        "handlers": ["stderr"],
        "level": env.choice("CHAOSPLANE_LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO"),
    },
    "loggers": {
        # Celery says at INFO what each tick did, once a second for ever.
        "celery": {"level": "WARNING"},
        # botocore says at INFO where it found its credentials, once a client.
        "botocore": {"level": "WARNING"},
        "django.server": {"handlers": [], "propagate": True},
    },
}
