# Build the wheel (and compile the message catalogues) where the build tools are …
FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels '.[postgres]'

# … and install nothing but wheels where the bot runs.
FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/wsdiag wsdiag
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels 'wsdiag[postgres]'

USER wsdiag
WORKDIR /var/lib/wsdiag
# SQLite lives in the user's state folder: mount a volume here, or set WSDIAG_DATABASE_URL.
ENV XDG_STATE_HOME=/var/lib/wsdiag/state \
    PYTHONUNBUFFERED=1 \
    WSDIAG_HTTP_HOST=0.0.0.0 \
    WSDIAG_HTTP_PORT=8080
RUN mkdir -p /var/lib/wsdiag/state
VOLUME /var/lib/wsdiag/state
EXPOSE 8080

HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['WSDIAG_HTTP_PORT'] + '/healthz', timeout=4)"]

# SIGTERM reaches the bot itself, which drains: leave it the time (docker stop --time 30).
STOPSIGNAL SIGTERM
ENTRYPOINT ["wsdiag"]
CMD ["run"]
