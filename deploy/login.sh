#!/bin/bash
# The PostgreSQL image runs this when it creates its cluster: Columnist's login and database.
set -euo pipefail
psql --username postgres --set password="$POSTGRES_PASSWORD" <<'SQL'
create role columnist login createrole password :'password';
create database columnist owner columnist;
SQL
