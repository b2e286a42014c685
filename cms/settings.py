"""Settings for every environment, read from environment variables (see .env.example)."""

import logging
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django_prose_editor.config import html_tags
from js_asset import static_lazy
from whitenoise.compress import Compressor

from articles.embeds import FRAME_ORIGINS
from cms import environment
from cms.ops import buckets, embedded
from cms.schedule import SCHEDULE
from newsletter.mail.providers import anymail_settings

BASE_DIR = Path(__file__).resolve().parent.parent

env = environment.read()

PRODUCTION = env.yes("PRODUCTION")
DEBUG = env.yes("DEBUG") and not PRODUCTION
VAR = Path(env.text("MOONPRESS_VAR") or BASE_DIR / "var").resolve()


def _required(name: str, value: str, purpose: str) -> str:
    """The value of a variable that production cannot do without."""
    if not value and PRODUCTION:
        raise ImproperlyConfigured(f"{name} is not set. In production it must be: {purpose}. See .env.example.")
    return value


def _local_secret() -> str:
    """A secret of this checkout's own, made on first use and kept."""
    path = VAR / "secret_key"
    VAR.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text()


# The site

SITE_URL = (
    _required("SITE_URL", env.site_url(), "the address that readers type, such as https://news.example")
    or f"http://localhost:{env.number('PORT', default=8000)}"
)
SECRET_KEY = (
    _required("SECRET_KEY", env.text("SECRET_KEY"), "a long random string that signs links and sessions")
    or _local_secret()
)
if PRODUCTION and len(SECRET_KEY) < environment.SECRET_LENGTH:
    raise ImproperlyConfigured(
        f"SECRET_KEY has {len(SECRET_KEY)} characters and can be guessed: use {environment.SECRET_LENGTH} or more. "
        "`python -c 'import secrets; print(secrets.token_urlsafe(50))'` makes a good one."
    )
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = [urlsplit(SITE_URL).hostname, *env.names("ALLOWED_HOSTS")]
if not PRODUCTION:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
DEMO_PASSWORD = env.text("DEMO_PASSWORD")

# Secrets of the ballot that must not lie in the database (see surveys/keys.py); hosts that take votes share them
BALLOT_PEPPER_FOLDER = Path(env.text("BALLOT_PEPPER_FOLDER") or VAR / "peppers")
LEDGER_SIGNING_KEY = env.text("LEDGER_SIGNING_KEY")
# The key of the digests of addresses (see newsletter/digests.py); hosts of one database share it
CONSENT_KEY = env.text("CONSENT_KEY")

# The database, the queue, the cache

database_url = _required(
    "DATABASE_URL",
    env.address("DATABASE_URL", schemes=("postgres", "postgresql"), example="postgres://user:password@host/name"),
    "a PostgreSQL address, such as postgres://user:password@host/name",
)
if database_url:
    DATABASES = {"default": env.db_url_config(database_url)}
else:
    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", **embedded.connection(VAR)}}
EMBEDDED_DATABASE = not database_url
# A copy of it that follows (streaming replication), for reports and exports (see core/replica.py)
replica_url = env.address(
    "REPLICA_URL", schemes=("postgres", "postgresql"), example="postgres://user:password@replica/name"
)
if replica_url:
    DATABASES["replica"] = env.db_url_config(replica_url)
    DATABASES["replica"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 3)  # seconds
    DATABASE_ROUTERS = ["core.replica.Router"]
REPLICATED = frozenset(["articles", "newsletter", "sponsors", "surveys"])
for _database in DATABASES.values():
    _database |= {"CONN_MAX_AGE": 300, "CONN_HEALTH_CHECKS": True}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 10)  # seconds; a host that hangs is down
# How many seconds a statement may take before PostgreSQL ends it, in a web process and in a worker; 0: as long as it likes
WEB_STATEMENT_SECONDS = env.number("WEB_STATEMENT_SECONDS", default=60)
WORKER_STATEMENT_SECONDS = env.number("WORKER_STATEMENT_SECONDS", default=1800)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

cache_url = env.address("CACHE_URL", schemes=("redis", "rediss"), example="redis://host/1")
CACHES = {
    "default": {"BACKEND": "core.lib.forgiving_cache.ForgivingCache", "LOCATION": "server"},
    "server": env.cache_url_config(cache_url or f"filecache://{VAR / 'cache'}"),
}
if cache_url:
    CACHES["server"]["OPTIONS"] = {"socket_connect_timeout": 1, "socket_timeout": 1}  # seconds

# What readers' pages are made from in an address's query; they do not see the rest, such as what newsletters and
# social sites append to links, so that it makes no other page to render and keep (see core/pagecache.py)
PAGE_PARAMETERS = frozenset(["page", "q", "category", "tag", "author", "year", "p", "page_id"])
PAGE_PARAMETERS |= {
    "newsletter__slug",
    "issue_date__gte",
    "issue_date__lte",
    "cursor",
    "limit",
    "fields",
    "include",
}  # the API's
PAGE_PARAMETERS |= {"series", "order", "published_after", "published_before", "updated_after", "state"}

# The cache in front of the site, told what to forget when something is published (see core/cdn_purge.py)
CACHE_PURGE_URL = env.text("CACHE_PURGE_URL")
CACHE_PURGE_KIND = env.text("CACHE_PURGE_KIND") or "cloudflare"
CACHE_PURGE_TOKEN = env.text("CACHE_PURGE_TOKEN")
if CACHE_PURGE_KIND not in ("cloudflare", "fastly", "purge"):
    raise ImproperlyConfigured("CACHE_PURGE_KIND is cloudflare, fastly or purge. See .env.example.")

# Webhooks (see core/webhooks.py): with 1, their addresses may lie in a private network of ours
WEBHOOKS_TO_PRIVATE_HOSTS = env.yes("WEBHOOKS_TO_PRIVATE_HOSTS")
# For how many days advertising keeps where clicks on ads came from, counted from the ad's day, and whose a booking was that came to nothing (see
# sponsors/retention.py). A reader counts once for an ad, whose clicks count for thirty days after its own.
AD_ORIGINS_DAYS = env.number("AD_ORIGINS_DAYS", default=32)
DEAD_BOOKINGS_DAYS = env.number("DEAD_BOOKINGS_DAYS", default=180)
if AD_ORIGINS_DAYS < 32:
    raise ImproperlyConfigured(
        "AD_ORIGINS_DAYS is 32 or more: it counts from an ad's day, and until then clicks of one reader have to be told from others'."
    )

# The check of a briefing's links (see newsletter/sending/link_checks.py): with 1, also of those that lead into such a network
LINK_CHECKS_OF_PRIVATE_HOSTS = env.yes("LINK_CHECKS_OF_PRIVATE_HOSTS")

CELERY_BROKER_URL = (
    env.address("CELERY_BROKER_URL", schemes=("redis", "rediss", "amqp", "amqps"), example="redis://host/0")
    or "filesystem://localhost"
)
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {"visibility_timeout": 600}
if CELERY_BROKER_URL.startswith("filesystem:"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR / "broker" / "messages"),
        "data_folder_out": str(VAR / "broker" / "messages"),
        "control_folder": str(VAR / "broker" / "control"),
        "polling_interval": 0.05,
    }
    for _folder in ("messages", "control"):
        (VAR / "broker" / _folder).mkdir(parents=True, exist_ok=True)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = (
    False  # unused, and its queue bears the host's name: RabbitMQ refuses a second one
)
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "core.beat.BellRinger"
CELERY_BEAT_SCHEDULE = dict(SCHEDULE)

# Backups by the clock (see cms/ops/kept_backups.py)

BACKUP_FOLDER = env.text("BACKUP_FOLDER")
BACKUP_HOURS = env.number("BACKUP_HOURS", default=24)
BACKUP_KEEP = env.numbers("BACKUP_KEEP", default=(7, 4, 6))  # the newest of so many days, weeks and months
BACKUP_RECIPIENTS = env.names("BACKUP_RECIPIENTS")
env.needing("BACKUP_RECIPIENTS", env.text("BACKUP_RECIPIENTS"), module="pyrage")
BACKUP_BUCKET = env.needing(
    "BACKUP_BUCKET",
    env.address("BACKUP_BUCKET", schemes=buckets.SCHEMES, example="s3://key:secret@s3.example/bucket/folder"),
    module="boto3",
)
if BACKUP_FOLDER:
    CELERY_BEAT_SCHEDULE["make a backup"] = {"task": "cms.tasks.make_backup", "schedule": 600}

# Mail: SMTP by EMAIL_URL, else one .eml file per message under var/outbox

EMAIL_URL = _required(
    "EMAIL_URL",
    env.address("EMAIL_URL", schemes=environment.MAIL_SCHEMES, example="smtp+tls://user:password@host:587"),
    "the mail server, such as smtp+tls://user:password@host:587",
)
EMAIL_OUTBOX = VAR / "outbox"
MAIL_SECRETS = Path(env.text("MAIL_SECRETS") or VAR / "mail-secrets")  # see newsletter/sending/accounts.py
IMPORT_FOLDER = VAR / "imports"  # subscribers' files that were uploaded, never served
AD_JOURNALS = VAR / "ad-views"  # see core/lib/journal.py; on a disk of the machine itself
DATA_CENTRES = VAR / "data-centres.txt"  # see core/lib/data_centres.py; in force where it is newer than what is shipped
POST_IMPORT_FOLDER = VAR / "post-imports"  # exports of other systems, likewise
SEND_JOURNALS = VAR / "send-journals"  # see newsletter/sending/send_journal.py; on a disk of the machine itself
EMAIL_BACKEND = "core.lib.mail.EmailBackend"
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL") or f"hello@{urlsplit(SITE_URL).hostname}"
SERVER_EMAIL = DEFAULT_FROM_EMAIL

BOUNCE_ADDRESS = env.bounce_address("BOUNCE_ADDRESS")  # without: briefings come back to DEFAULT_FROM_EMAIL
BOUNCE_IMAP_URL = env.address(
    "BOUNCE_IMAP_URL", schemes=environment.IMAP_SCHEMES, example="imaps://user:password@host/INBOX"
)
if BOUNCE_IMAP_URL:
    CELERY_BEAT_SCHEDULE["read the bounce mailbox"] = {"task": "newsletter.tasks.read_bounces", "schedule": 60}
MAIL_PROVIDER_SECRET = env.text("MAIL_PROVIDER_SECRET")
MAIL_PROVIDER = env.mail_provider("MAIL_PROVIDER", secret=MAIL_PROVIDER_SECRET)
ANYMAIL = anymail_settings(MAIL_PROVIDER, MAIL_PROVIDER_SECRET, f"{SITE_URL}/newsletter/reports/")

STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET = env.text("STRIPE_WEBHOOK_SECRET")
STRIPE_API_URL = "https://api.stripe.com"

NEWSLETTER_PUMPS = env.number("NEWSLETTER_PUMPS", default=2)  # how many workers may send one briefing at once

# Applications

INSTALLED_APPS = [
    "core.apps.CoreConfig",
    "sponsors",
    "articles",
    "newsletter",
    "surveys",
    "cms",
    "core.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "core.apps.StaticFilesConfig",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "crispy_forms",
    "crispy_bootstrap5",
    "content_editor",
    "django_prose_editor",
    "csp",
    "pgtrigger",
]

DJANGO_PROSE_EDITOR_EXTENSIONS: list[dict[str, Any]] = [
    {"js": [static_lazy("js/desk/footnotes.js")], "extensions": {"Footnote": html_tags(["small"])}}
]

MIDDLEWARE = [
    "core.lib.observed.observed",
    "cms.probes.answer_by_address",
    "django.middleware.security.SecurityMiddleware",
    "core.lib.staticfiles.StaticFilesMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "core.api.middleware.ApiMiddleware",
    "core.lib.csp.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.zones.show_staff_their_zone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "core.second_factor.required",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.conflicts.ConflictMiddleware",
    "articles.addresses.SmallLettersMiddleware",
    "articles.redirects.RedirectMiddleware",
    "articles.readership.outcomes.OutcomeMiddleware",
]

ROOT_URLCONF = "cms.urls"
WSGI_APPLICATION = "cms.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.context_processors.site",
            ],
        },
    },
]

# People

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
OTHERS_REDIRECT_URL = "sponsors:account"  # for accounts that are not of the newsroom
ACCOUNT_ADAPTER = "core.sign_in.StaffAdapter"
ACCOUNT_FORMS = {
    "login": "core.sign_in.SignInForm",
    "change_password": "core.sign_in.PasswordForm",
    "reauthenticate": "core.sign_in.AgainForm",
    "reset_password": "core.sign_in.ResetForm",
    "reset_password_from_key": "core.sign_in.NewPasswordForm",
}
ACCOUNT_RATE_LIMITS = False  # see core/sign_in_limits.py
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
PASSWORD_RESET_TIMEOUT = 4 * 3600  # seconds
# Whether staff have to have a second factor (see core/second_factor.py), and how long they may go on without
SECOND_FACTOR_REQUIRED = env.yes("SECOND_FACTOR_REQUIRED", default=PRODUCTION)
SECOND_FACTOR_GRACE_DAYS = env.number("SECOND_FACTOR_GRACE_DAYS", default=14)
MFA_FORMS = {"authenticate": "core.sign_in.CodeForm", "reauthenticate": "core.sign_in.CodeAgainForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # the address was entered by the administrator who made the account
MFA_TOTP_ISSUER = "Moonpress"

# Time, language, files

TIME_ZONE = env.zone("TIME_ZONE", default="UTC")  # the newsroom's; moments are stored in UTC (see core/lib/clock.py)
USE_TZ = True
LANGUAGE_CODE = "en"
USE_I18N = False
FORMAT_MODULE_PATH = "cms.formats"

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
MEDIA_URL = env.media_url(
    "MEDIA_URL", own="/media/"
)  # of this site, or of a CDN that fetches from it or from the bucket
MEDIA_BUCKET = env.needing(
    "MEDIA_BUCKET",
    env.address("MEDIA_BUCKET", schemes=buckets.SCHEMES, example="s3://key:secret@s3.example/bucket/folder"),
    module="storages",
)
if MEDIA_BUCKET and BACKUP_BUCKET and buckets.Bucket(MEDIA_BUCKET).shares_with(buckets.Bucket(BACKUP_BUCKET)):
    raise ImproperlyConfigured(
        "BACKUP_BUCKET and MEDIA_BUCKET are one folder, or one lies within the other: what is there is for readers. Name another"
        " bucket for backups, or give each a folder beside the other."
    )
MEDIA_ROOT = Path(env.text("MEDIA_ROOT") or VAR / "media")
if BACKUP_FOLDER and Path(BACKUP_FOLDER).resolve().is_relative_to(MEDIA_ROOT.resolve()):
    raise ImproperlyConfigured(
        f"BACKUP_FOLDER is within {MEDIA_ROOT}, where all files are for readers. Name another one."
    )
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    if not MEDIA_BUCKET
    else {"BACKEND": "core.lib.media_bucket.MediaBucket", "OPTIONS": buckets.Bucket(MEDIA_BUCKET).storage()},
    "staticfiles": {"BACKEND": "core.lib.staticfiles.StaticFiles"},
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024

# Security

_https = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = PRODUCTION and _https and env.yes("SSL_REDIRECT", default=True)
SECURE_SSL_HOST = urlsplit(SITE_URL).netloc
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION and _https else 0
# For this host alone: a browser that was told so refuses the owner's other hosts without TLS for a year, and a preload
# list takes months to leave. Whoever owns the whole domain may ask for both.
SECURE_HSTS_INCLUDE_SUBDOMAINS = bool(SECURE_HSTS_SECONDS) and env.yes("HSTS_SUBDOMAINS")
SECURE_HSTS_PRELOAD = SECURE_HSTS_INCLUDE_SUBDOMAINS and env.yes("HSTS_PRELOAD")
BEHIND_PROXY = env.yes("BEHIND_PROXY")
PROXY_HOPS = max(1, env.number("PROXY_HOPS", default=1))  # how many proxies of ours a request comes through
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
METRICS_TOKEN = env.text("METRICS_TOKEN")  # who reads /metrics from another machine has to know it
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
SILENCED_SYSTEM_CHECKS = [
    "security.W019",  # it asks for DENY, but the desk shows previews in a frame
    "security.W005",  # HSTS for subdomains and
    "security.W021",  # the preload list are the owner's to ask for
]


def _origin(address: str) -> str:
    return f"{urlsplit(address).scheme}://{urlsplit(address).netloc}"


CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", *([_origin(MEDIA_URL)] if urlsplit(MEDIA_URL).netloc else [])],
        "frame-src": [SELF, *FRAME_ORIGINS],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    },
}

# Forms and API

CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],  # it shows everyone the same, so that any cache may keep it
    "DEFAULT_PERMISSION_CLASSES": ["core.api.access.Reading"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "core.api.Pages",
    "PAGE_SIZE": 20,
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.Described",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_THROTTLE_CLASSES": ["core.api.throttles.Throttle"],
    "EXCEPTION_HANDLER": "core.api.problems.handle",
    "ORDERING_PARAM": "order",
}
API_REQUESTS_PER_KEY = env.number("API_REQUESTS_PER_KEY", default=600)  # a minute
API_REQUESTS_PER_NETWORK = env.number("API_REQUESTS_PER_NETWORK", default=1200)  # of those who have no key
# Sites whose pages may ask the API from a browser (see .env.example); cookies are never part of it
CORS_ALLOWED_ORIGINS = env.origins("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/api/v1/.*$" if CORS_ALLOWED_ORIGINS else r"(?!)"  # answers that vary by origin are not kept
CORS_ALLOW_HEADERS = ["accept", "authorization", "content-type", "idempotency-key", "if-match", "if-none-match"]
CORS_EXPOSE_HEADERS = [
    "ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "Deprecation", "Sunset", "Link", "Location", "Idempotent-Replayed",
]  # fmt: skip
SPECTACULAR_SETTINGS = {
    "TITLE": "Moonpress",
    "DESCRIPTION": "Published articles, awards and their results, surveys, sent briefings and ad packages.",
    "VERSION": "1.1",
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": SITE_URL}],
    "SCHEMA_PATH_PREFIX": "/api/v1",  # not part of the names of operations
    "COMPONENT_NO_READ_ONLY_REQUIRED": True,  # what is not asked for by `fields` or `include` does not come
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "core.api.schema.with_problems"],
    "ENUM_NAME_OVERRIDES": {
        "SeasonState": "surveys.models.Season.State",
        "SurveyState": "surveys.models.Survey.State",
        "ArticleState": "articles.models.Article.State",
        "ArticleKind": "articles.models.Kind",
        "PageKind": [("page", "page")],
        "SnippetKind": "articles.models.Snippet.Kind",
        "BookingState": "sponsors.models.Booking.State",
        "BriefingState": "newsletter.models.Briefing.State",
        "SubscriptionState": "newsletter.models.Subscription.State",
    },
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# What is running, for the status page and reports; traces and reports of errors (see cms/reporting.py)
RELEASE = env.text("RELEASE") or environment.commit()
SENTRY_DSN = env.needing("SENTRY_DSN", env.text("SENTRY_DSN"), module="sentry_sdk")
OTEL_EXPORTER_OTLP_ENDPOINT = env.needing(
    "OTEL_EXPORTER_OTLP_ENDPOINT", env.text("OTEL_EXPORTER_OTLP_ENDPOINT"), module="opentelemetry.sdk"
)

LOG_LEVEL = (env.text("LOG_LEVEL") or ("INFO" if PRODUCTION else "WARNING")).upper()
if LOG_LEVEL not in logging.getLevelNamesMapping():
    raise ImproperlyConfigured(f"LOG_LEVEL is DEBUG, INFO, WARNING, ERROR or CRITICAL, not “{LOG_LEVEL}”.")
LOG_FORMAT = env.text("LOG_FORMAT") or "line"
if LOG_FORMAT not in ("line", "json"):
    raise ImproperlyConfigured(f"LOG_FORMAT is line or json, not “{LOG_FORMAT}”.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "core.lib.logs.JsonLines"},
    },
    "filters": {"links": {"()": "core.lib.logs.WithoutLinks"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["links"]}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
