-- Cluster and number of this database: a restored dump, or a database made from this one, has another identity.
create or replace function database_identity() returns text language sql stable as $$
  select s.system_identifier || '/' || d.oid
  from pg_control_system() s, pg_database d
  where d.datname = current_database()
$$;
