# Moonpress in production. Web, worker and beat are this one image with different commands (see compose.yaml). It runs without
# rights and on a root that is read-only, with a volume at /var/lib/moonpress and a tmpfs at /tmp.
FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv /venv
# What settings may ask for on top: --build-arg EXTRAS="-r requirements-operations.txt -r requirements-providers.txt"
ARG EXTRAS=""
COPY requirements.txt requirements-operations.txt requirements-providers.txt ./
RUN /venv/bin/pip install --no-cache-dir -r requirements.txt ${EXTRAS}

FROM python:3.13-slim
# What is shown as what runs: --build-arg RELEASE="$(git rev-parse --short HEAD)"
ARG RELEASE=""
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 RELEASE=$RELEASE \
    PRODUCTION=1 BIND_ADDRESS=0.0.0.0 PORT=8000 MOONPRESS_VAR=/var/lib/moonpress
RUN useradd --system --uid 999 --home-dir /var/lib/moonpress --create-home --shell /usr/sbin/nologin moonpress
COPY --from=build /venv /venv
WORKDIR /app
COPY . .
RUN python -m compileall -q /app
# Collecting static files needs no secret.
RUN PRODUCTION=0 python manage.py prepare --only-static && rm -f /var/lib/moonpress/secret_key \
    && chown -R moonpress: /var/lib/moonpress
USER moonpress
VOLUME /var/lib/moonpress
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "cms.ops.processes", "web"]
