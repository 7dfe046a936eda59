"""A database made by hand like those of Supabase, as far as access is concerned: roles, auth schema, default rights."""

import psycopg
from psycopg import conninfo

SETUP = """
create role supabase_admin superuser nologin;
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
grant anon, authenticated, service_role to authenticator;

-- Supabase calls this login postgres; here that is the cluster's superuser.
create role project login createdb createrole bypassrls;
do $$ begin
  if current_setting('server_version_num')::int >= 160000 then
    grant anon, authenticated, service_role to project with admin option;
  end if;
end $$;
"""

IN_THE_DATABASE = """
grant usage on schema public to project, anon, authenticated, service_role;
set role project;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
reset role;

create schema auth authorization supabase_admin;
grant usage on schema auth to anon, authenticated, service_role;
grant all on schema auth to project;
create function auth.uid() returns uuid language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')
  )::uuid
$$;
alter function auth.uid() owner to supabase_admin;

-- Something of the project's own, which is none of Columnist's business.
set role project;
create table public.todos (id int primary key, task text);
reset role;
"""


def supabase_database(superuser: str) -> str:
    """The URL of such a database on a server without these roles so far; its login owns the database, not the schema
    auth."""
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(SETUP)
        connection.execute("create database project owner project")
    with psycopg.connect(conninfo.make_conninfo(superuser, dbname="project"), autocommit=True) as connection:
        connection.execute(IN_THE_DATABASE)
    host = conninfo.conninfo_to_dict(superuser)["host"]
    return f"postgresql://project@/project?host={host}"
