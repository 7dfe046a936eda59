-- After count_call.sql has added the cost of a call, or after a change of the budget: pauses the job if the budget is
-- spent.
create or replace function pause_tabular_jobs() returns trigger language plpgsql as $$
begin
  if new.budget is not null and new.paused_at is null and new.status in ('pending', 'running')
     and job_cost(new) >= new.budget then
    new.paused_at := now();
    new.pause_cause := 'budget';
  end if;
  return new;
end $$;
