-- A batch has ended, or must not be submitted any more. Unanswered calls are put off again; if the provider refused the
-- batch before it read them, they wait for another one. Documents that no longer wait for a batch go on. Items are
-- locked before their calls, as in put_off_tabular_item.
create or replace function end_tabular_batch(batch_id uuid) returns void language plpgsql volatile as $$
declare
  items bigint[];
begin
  items := array(select distinct r.item_id from tabular_batch_requests r where r.batch_id = end_tabular_batch.batch_id);
  perform from tabular_job_items i where i.id = any(items) order by i.id for no key update;
  delete from tabular_batch_requests r
  where r.batch_id = end_tabular_batch.batch_id
    and (r.answered_at is null and r.body is null
         or exists (select from tabular_jobs j where j.id = r.job_id and j.status not in ('pending', 'running')));
  update tabular_batch_requests r set batch_id = null
  where r.batch_id = end_tabular_batch.batch_id and r.answered_at is null;
  update tabular_job_items i set position = i.position % 1000000000, lease_expires_at = null
  where i.id = any(items) and i.status = 'pending' and i.position >= 1000000000
    and not exists (select from tabular_batch_requests r where r.item_id = i.id and r.answered_at is null);
  update tabular_batches b set ended_at = now(), holder = null where b.id = end_tabular_batch.batch_id;
  perform wake_workers('tabular_jobs', b.job_id::text) from tabular_batches b
  where b.id = end_tabular_batch.batch_id and b.job_id is not null;
end $$;
