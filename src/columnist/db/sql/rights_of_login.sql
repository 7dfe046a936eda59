-- For `columnist doctor`: what the login may do that a running process does not need. It may set two roles; it owns nothing,
-- and has no rights itself. pg_shdepend knows every object that it owns ('o') or that it has rights on ('a').
with its as (
  select s.classid, s.deptype from pg_shdepend s
  where s.refclassid = 'pg_authid'::regclass and s.refobjid = session_user::regrole
    and s.dbid in (0, (select d.oid from pg_database d where d.datname = current_database()))
)
select r.rolsuper as "is a superuser",
       r.rolbypassrls as "is not bound by row-level security",
       r.rolcreaterole as "may create roles",
       r.rolcreatedb as "may create databases",
       r.rolreplication as "may replicate",
       exists (select from its where deptype = 'o') as "owns tables or other objects",
       exists (select from its where deptype = 'a' and classid not in ('pg_database'::regclass, 'pg_namespace'::regclass))
         as "has rights on tables or other objects itself",
       has_database_privilege(r.oid, current_database(), 'temporary')
         as "may make temporary objects (revoke it from public, too)",
       has_database_privilege(r.oid, current_database(), 'create')
         or exists (select from pg_namespace n where has_schema_privilege(r.oid, n.oid, 'create'))
         as "may make objects (revoke create on schema public from public)",
       exists (select from pg_roles o
               where o.oid <> r.oid and o.rolname not in ('authenticated', 'columnist_worker')
                 and pg_has_role(r.oid, o.oid, 'member')) as "has other roles",
       exists (select from pg_roles o
               where o.rolname in ('authenticated', 'columnist_worker')
                 and (o.rolsuper or o.rolbypassrls or o.rolcreaterole or o.rolcreatedb)) as "has a role that may do more",
       -- From PostgreSQL 16 on each membership has its own option.
       r.rolinherit or exists (select from pg_auth_members m where m.member = r.oid and to_jsonb(m) ->> 'inherit_option' = 'true')
         as "inherits the rights of its roles",
       exists (select from pg_auth_members m where m.member = r.oid and m.admin_option) as "may give its roles to others"
from pg_roles r
where r.rolname = session_user
