-- The form for one item, for workers other than Columnist's own.
create or replace function claim_tabular_job_item(lease_seconds double precision) returns setof tabular_job_items
language sql volatile as $$
  select * from claim_tabular_job_items(lease_seconds, 1, 3)
$$;
