-- After count_call.sql has added what a call cost, or with another budget: it may be spent.
create or replace function pause_tabular_jobs() returns trigger language plpgsql as $$
begin
  if new.budget is not null and new.paused_at is null and new.status in ('pending', 'running')
     and job_cost(new) >= new.budget then
    new.paused_at := now();
    new.pause_cause := 'budget';
  end if;
  return new;
end $$;
