-- The history that the transaction ids of this database belong to: its cluster and timeline. A restore begins another
-- history, and so does a standby that takes over.
create or replace function transaction_history() returns text language sql stable as $$
  select substr(md5(s.system_identifier || case when pg_is_in_recovery() then ''
                                                else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end), 1, 8)
  from pg_control_system() s
$$;
