-- A pool announces itself and the models that it can ask; pools that were silent for a while are forgotten. Returns the
-- models of live jobs that no pool can ask and on which no worker has worked lately: an older Columnist does not
-- announce itself.
with me as (
  insert into tabular_workers (id, models) values (%(worker_id)s, %(models)s::text[])
  on conflict (id) do update set models = excluded.models, seen_at = now()
), gone as (
  delete from tabular_workers where seen_at < now() - interval '1 hour'
)
select distinct j.model from tabular_jobs j
where j.status in ('pending', 'running') and j.paused_at is null and j.cancel_requested_at is null
  and j.served_at < now() - interval '20 seconds'
  and not (%(models)s::text[] is null or j.model = any(%(models)s::text[]))
  and not exists (select from tabular_workers w
                  where w.seen_at > now() - interval '30 seconds' and (w.models is null or j.model = any(w.models)))
