-- Before a call of a job is made, or put into a batch: pauses the job if it costs anything and its user's allowance for
-- the day is spent, by any job; returns whether it has.
create or replace function pause_at_allowance(job_id uuid) returns boolean language plpgsql volatile as $$
begin
  update tabular_jobs j set paused_at = now(), pause_cause = 'allowance', pause_reason = null, updated_at = now()
  where j.id = pause_at_allowance.job_id and j.paused_at is null and j.status in ('pending', 'running')
    and (j.price_prompt + j.price_cached + j.price_completion > 0 or j.price_beside > 0)
    and allowance_left(j.user_id) <= 0;
  return found;
end $$;
