#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: the database and its two roles.
set -eu
psql -X -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    -v database=luyuetai -v owner=luyuetai_owner -v app=luyuetai_app \
    -v owner_password="$OWNER_PASSWORD" -v app_password="$APP_PASSWORD" \
    -f /roles/pg_roles.sql
