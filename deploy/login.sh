#!/bin/bash
# Run by the PostgreSQL image when it makes its cluster: the login and the database of Columnist.
set -euo pipefail
psql --username postgres --set password="$POSTGRES_PASSWORD" <<'SQL'
create role columnist login createrole password :'password';
create database columnist owner columnist;
SQL
