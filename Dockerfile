# One image for web, worker, schedule and migrations; docker-compose.yml says which is which.
FROM python:3.11-slim-bookworm AS build
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r /tmp/requirements.txt

FROM python:3.11-slim-bookworm
# The first three as in scripts/setup.sh; postgresql-client for bin/backup and bin/restore.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpangoft2-1.0-0 libharfbuzz-subset0 libmagic1 postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin luyuetai \
    && install -d -o luyuetai -g luyuetai -m 0750 /data
COPY --from=build /opt/venv /opt/venv
COPY . /app
WORKDIR /app
RUN /opt/venv/bin/python -m compileall -q /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONUTF8=1 LC_ALL=C.UTF-8 \
    DATA_DIR=/data XDG_CACHE_HOME=/tmp/cache MODE=production
USER luyuetai
VOLUME /data
EXPOSE 8000
# Sync workers are the fastest for pages that compute; the proxy in front keeps slow clients away from them.
CMD ["sh", "-c", "exec gunicorn config.wsgi:application --bind 0.0.0.0:8000 --workers ${WEB_WORKERS:-4} --timeout 60 --max-requests 5000 --max-requests-jitter 500 --worker-tmp-dir /dev/shm --log-level info"]
