-- The completer ends a batch of items, each with its outcome. Fenced by attempt; the jobs follow by trigger
-- (settle_tabular_jobs). Returns the ended items: another worker holds the missing ones. `running` is a join:
-- statistics never know how many items run, and a plan for none would be quadratic.
with ended as (
  update tabular_job_items i
  set status = o.status, error = o.error, lease_expires_at = null, completed_at = clock_timestamp()
  from json_to_recordset(%(ended)s) as o (id bigint, attempt int, status text, error text)
  where i.id = o.id and i.attempt_count = o.attempt and i.status = left(o.status, 0) || 'running'
  returning i.id
)
select coalesce(array_agg(id), '{}') as ids from ended  -- one row: a thousand take longer to be received
