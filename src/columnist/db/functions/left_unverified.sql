-- Why a verification of many answers leaves this one as it is; null: it may be verified. Only a current answer, as the
-- person saw it (`seen`: its updated_at), becomes verified. Null fields: there is no row, or somebody is writing it.
create or replace function left_unverified(c tabular_cells, column_version int, seen timestamptz) returns text
language sql immutable as $$
  select case
    when c.updated_at is distinct from seen then 'changed'
    when c.status is distinct from 'done' then 'unanswered'
    when public.is_stale(c, left_unverified.column_version) then 'stale'
    when public.is_failed(c) then 'failed'
    when c.verified_at is not null then 'verified' end
$$;
