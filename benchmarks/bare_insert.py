"""The least that Django can do for a form: no middleware, one view that reads it and inserts one durable row."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

TABLE = "benchmark_bare_insert"


def vote(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {TABLE} (email, choice) VALUES (%s, %s)",
                [request.POST["email"], request.POST["vote-best"]],
            )
    return HttpResponse(b"Thanks")


urlpatterns = [path("vote/", vote)]

if not settings.configured:
    import os
    from pathlib import Path

    from cms.ops import embedded

    database = {"ENGINE": "django.db.backends.postgresql", **embedded.connection(Path(os.environ["MOONPRESS_VAR"]))}
    settings.configure(
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="benchmark",
        MIDDLEWARE=[],
        DATABASES={"default": database | {"CONN_MAX_AGE": 300}},
    )
    application = get_wsgi_application()
