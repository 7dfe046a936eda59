-- Items are given back, fenced; the attempt does not count as a try. At shutdown at once, and the other workers wake up;
-- with `wait`, they become claimable after a time that grows with every return, so that another item is tried first.
-- `running` is a join for the reason in end_items.sql.
with handed_back as (
  update tabular_job_items i
  set status = 'pending', handed_back_count = handed_back_count + 1,
      lease_expires_at = case when %(wait)s then
        now() + make_interval(secs => least(2 ^ least(handed_back_count, 6), 15) * (0.5 + random())) end
  from unnest(%(ids)s::bigint[], %(attempts)s::int[]) as held (id, attempt)
  where i.id = held.id and i.attempt_count = held.attempt and i.status = left(held.id::text, 0) || 'running'
  returning i.id
)
select count(*) as handed_back,
       case when not %(wait)s then wake_workers('tabular_jobs', 'handed back') end as notified from handed_back
