"""All settings of the worker, with unit and default. docs/configuration.md describes each (a test compares)."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import dj_database_url
import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured

from functions import bounds
from functions.sources.location import storages_setting
from workerfront import home
from workerfront.environment import Environment

django_stubs_ext.monkeypatch()  # makes ModelAdmin[Function] and the like valid at run time

BASE_DIR = Path(__file__).resolve().parent.parent
MIB = 1 << 20
HOUR, DAY, WEEK = 3600, 24 * 3600, 7 * 24 * 3600
NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,69}")  # with the instance it names the task queues: 100 characters

env = Environment(os.environ)


def _physical_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


# --- This worker ---
WF_HOME = home.prepare(env.path("WF_HOME", BASE_DIR / "var") or BASE_DIR / "var")
WF_NODE = env.matching("WF_NODE", socket.gethostname(), NODE, "1 to 70 letters, digits, '.', '_' or '-'")
WF_DRAINING = WF_HOME / "draining"  # there while the worker waits for its last calls and takes no new ones
WF_GENERATION = WF_HOME / "generation"  # its time says when something has changed that routes calls
WF_INSTANCE = home.remembered(WF_HOME / "instance", 8)
SECRET_KEY = home.remembered(WF_HOME / "secret_key", 32)
env.boolean("WF_NO_INSTALL", False)  # read by scripts/, known here
env.text("WF_BASES_CACHE", "")  # read by scripts/, known here
env.text("WF_TEST_DATABASE_URL", "")  # read by scripts/, known here
WF_CRASHPOINT = env.text("WF_CRASHPOINT", "")  # where a fault test wants this process to die

# --- Where functions come from ---
_legacy_prefix = env.text("USER_FUNCTION_URL_PREFIX", "")
WF_SOURCE_URL = env.text("WF_SOURCE_URL", _legacy_prefix or (WF_HOME / "functions").as_uri())
WF_SOURCE_CHECK_SECONDS = env.integer(
    "WF_SOURCE_CHECK_SECONDS", 60, minimum=-1, maximum=WEEK
)  # 0: each call, -1: only when asked

# --- Limits: time in seconds, sizes in bytes ---
WF_MAX_CONCURRENT_CALLS = env.integer("WF_MAX_CONCURRENT_CALLS", 64, minimum=1, maximum=1000)
WF_QUEUE_WAIT_SECONDS = env.number("WF_QUEUE_WAIT_SECONDS", 10, minimum=0, maximum=HOUR)
WF_BUILD_TIMEOUT_SECONDS = env.integer("WF_BUILD_TIMEOUT_SECONDS", 300, minimum=1, maximum=DAY)
WF_BOOT_TIMEOUT_SECONDS = env.number("WF_BOOT_TIMEOUT_SECONDS", 20, minimum=1, maximum=HOUR)
WF_ENGINE_TIMEOUT_SECONDS = env.integer("WF_ENGINE_TIMEOUT_SECONDS", 20, minimum=1, maximum=HOUR)
WF_FUNCTION_TIMEOUT_MAX_SECONDS = env.integer("WF_FUNCTION_TIMEOUT_MAX_SECONDS", 900, minimum=1, maximum=DAY)
WF_FUNCTION_TIMEOUT_SECONDS = env.integer(
    "WF_FUNCTION_TIMEOUT_SECONDS",
    min(300, WF_FUNCTION_TIMEOUT_MAX_SECONDS),
    minimum=1,
    maximum=WF_FUNCTION_TIMEOUT_MAX_SECONDS,
)
WF_FUNCTION_MEMORY_MAX = env.size("WF_FUNCTION_MEMORY_MAX", "2g")
WF_FUNCTION_MEMORY = env.size(
    "WF_FUNCTION_MEMORY", str(min(256 * MIB, WF_FUNCTION_MEMORY_MAX)), maximum=WF_FUNCTION_MEMORY_MAX
)
WF_FUNCTION_CPUS = env.number("WF_FUNCTION_CPUS", 1, minimum=0, maximum=1024)  # 0: no limit
WF_NETWORK_HOLDERS = env.integer(
    "WF_NETWORK_HOLDERS", 8, minimum=0, maximum=bounds.POOL_NUM_MAX
)  # 0: each call makes its network
WF_NETWORK_IDLE_SECONDS = env.integer("WF_NETWORK_IDLE_SECONDS", 60, minimum=1, maximum=DAY)
WF_CONTAINER_CONCURRENCY = env.integer(
    "WF_CONTAINER_CONCURRENCY", 8, minimum=1, maximum=1000
)  # calls at once in one container
WF_POOL_MEMORY = env.size("WF_POOL_MEMORY", str(_physical_memory() * 3 // 4))
WF_EXECUTIONS_KEPT = env.integer("WF_EXECUTIONS_KEPT", 100_000, minimum=0, maximum=1_000_000_000)
WF_EXECUTIONS_DAYS = env.integer("WF_EXECUTIONS_DAYS", 30, minimum=1, maximum=36_500)
WF_CACHE_POLICY = env.choice("WF_CACHE_POLICY", "lru", ("lru", "greedy-dual"))
WF_BODY_LIMIT = 6 * MIB
WF_LOG_LIMIT = 256 << 10

# --- First values of what /configure changes: the original's names ---
USER_CODE_SIZE_LIMIT = env.integer(
    "USER_CODE_SIZE_LIMIT", -1, minimum=-1, maximum=bounds.CODE_SIZE_MAX
)  # bytes; -1: no limit
CONTAINER_POOL_LIMIT = env.integer(
    "CONTAINER_POOL_LIMIT", -1, minimum=-1, maximum=bounds.POOL_LIMIT_MAX
)  # functions; -1: no pool
CONTAINER_POOL_NUM = env.integer(
    "CONTAINER_POOL_NUM", 6, minimum=1, maximum=bounds.POOL_NUM_MAX
)  # containers of each of them
USING_REST_MODE = env.boolean("USING_REST_MODE", False)
REST_CONTAINER_LIFE_TIME = env.integer(
    "REST_CONTAINER_LIFE_TIME", 10, minimum=1, maximum=bounds.LIFE_TIME_MAX
)  # seconds

if CONTAINER_POOL_LIMIT * CONTAINER_POOL_NUM * WF_FUNCTION_MEMORY > WF_POOL_MEMORY:
    raise ImproperlyConfigured(
        f"CONTAINER_POOL_LIMIT x CONTAINER_POOL_NUM containers of WF_FUNCTION_MEMORY ({WF_FUNCTION_MEMORY} bytes) need "
        f"more than WF_POOL_MEMORY ({WF_POOL_MEMORY} bytes)"
    )

# --- Builds ---
WF_BUILD_MEMORY = env.size("WF_BUILD_MEMORY", "2g")
_ca_file = env.path("SSL_CERT_FILE", None)
WF_BUILD_CA_FILE = env.file("WF_BUILD_CA_FILE", _ca_file if _ca_file and _ca_file.is_file() else None)
WF_BUILD_VARIABLES = dict(os.environ)  # a runtime names those that its build may see

# --- Answers ---
WF_LEGACY_STATUS = env.boolean("WF_LEGACY_STATUS", False)

# --- Django ---
DEBUG = False
ALLOWED_HOSTS = env.words("WF_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
ROOT_URLCONF = "workerfront.urls"
WSGI_APPLICATION = "workerfront.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = WF_BODY_LIMIT
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "django_q",
    "functions",
]

MIDDLEWARE = [
    "functions.api.middleware.CallMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "workerfront.pages.Sessions",
    "django.middleware.common.CommonMiddleware",
    "workerfront.pages.Csrf",
    "workerfront.pages.Users",
    "workerfront.pages.Messages",
    "workerfront.pages.Frames",
]

SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W003"]  # workerfront.pages has these middlewares

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]


# --- Database, cache, storage ---
CONNECTION_AGE_S = 60
SQLITE, POSTGRESQL = "django.db.backends.sqlite3", "django.db.backends.postgresql"


def _parsed(url: str) -> dict[str, object]:
    """Others than these two have never been tried; one in memory would be another one for each process."""
    try:
        database = dict(dj_database_url.parse(url))
    except (ValueError, dj_database_url.UnknownSchemeError):
        database = {"ENGINE": ""}
    if database["ENGINE"] not in (SQLITE, POSTGRESQL) or database["NAME"] == ":memory:":
        raise ImproperlyConfigured("DATABASE_URL must be like postgres://user:password@host/name or sqlite:////file")
    return database


def _database(url: str) -> dict[str, object]:
    database = _parsed(url)
    database["CONN_MAX_AGE"] = CONNECTION_AGE_S  # to open one for each request would take longer than a warm call
    database["CONN_HEALTH_CHECKS"] = database["ENGINE"] != SQLITE  # a server that was restarted fails no call
    if database["ENGINE"] == SQLITE:
        database["ENGINE"] = "workerfront.sqlite3"
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",  # read-then-write in WAL would fail at once with SQLITE_BUSY
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    return database


DATABASES = {"default": _database(env.text("DATABASE_URL", f"sqlite:///{WF_HOME / 'db.sqlite3'}"))}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": WF_HOME / "cache"},
}
try:
    _functions_storage = storages_setting(WF_SOURCE_URL)
except ValueError as error:
    raise ImproperlyConfigured(f"WF_SOURCE_URL: {error}") from error
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": WF_HOME / "uploads"}},
    "functions": _functions_storage,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# --- Django REST framework ---
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["functions.api.json.StrictJSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "functions.api.json.AlwaysJSON",
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["functions.api.access.OwnMachine"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "functions.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Worker Front",
    "DESCRIPTION": "The node API of a Worker Front worker.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
}

# --- django-q2: a cluster for builds, and one for upkeep, which a long build must not hold up ---
# timeout > build limit, retry > timeout, else a running build would be cut off or delivered twice.
BUILDS_QUEUE = f"worker-front-{WF_NODE}-{WF_INSTANCE}"
UPKEEP_QUEUE = f"upkeep-{WF_NODE}-{WF_INSTANCE}"
Q_CLUSTER = {
    "name": BUILDS_QUEUE,
    "orm": "default",
    "broker_class": "functions.dispatch.Broker",
    "workers": 2,
    "timeout": WF_BUILD_TIMEOUT_SECONDS + 60,
    "retry": WF_BUILD_TIMEOUT_SECONDS + 120,
    "ack_failures": True,
    "max_attempts": 1,
    "queue_limit": 4,
    "poll": 0.1,
    "catch_up": False,
    "save_limit": 100,
    "ALT_CLUSTERS": {UPKEEP_QUEUE: {"timeout": 120, "retry": 180}},
}

env.refuse_unknown("WF_")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "file": {  # one that is moved away by logrotate is made anew
            "class": "logging.handlers.WatchedFileHandler",
            "filename": WF_HOME / "worker.log",
            "formatter": "line",
            "delay": True,
        },
    },
    "root": {"handlers": ["console", "file"], "level": "INFO"},
    "loggers": {"django-q": {"level": "WARNING"}},  # it reports each task; our rows do so better
}
