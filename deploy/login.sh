#!/bin/bash
# The PostgreSQL image runs this when it creates its cluster: Columnist's logins and database. `columnist` owns the schema
# and migrates; `columnist_run`, which processes run as, owns nothing: columnist migrate lets it become two roles.
set -euo pipefail
psql --username postgres --set password="$POSTGRES_PASSWORD" <<'SQL'
create role columnist login createrole password :'password';
create role columnist_run login noinherit nocreaterole nocreatedb password :'password';
create database columnist owner columnist;
SQL
