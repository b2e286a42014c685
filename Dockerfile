# Moonpress in production. Web, worker and beat are this one image with different commands (see compose.yaml).
FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-cache-dir -r requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    PRODUCTION=1 BIND_ADDRESS=0.0.0.0 PORT=8000 MOONPRESS_VAR=/var/lib/moonpress
RUN useradd --system --home-dir /var/lib/moonpress --create-home --shell /usr/sbin/nologin moonpress
COPY --from=build /venv /venv
WORKDIR /app
COPY . .
# Collecting static files needs no secret.
RUN PRODUCTION=0 python manage.py prepare --only-static && rm -f /var/lib/moonpress/secret_key \
    && chown -R moonpress: /var/lib/moonpress
USER moonpress
VOLUME /var/lib/moonpress
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "cms.ops.processes", "web"]
