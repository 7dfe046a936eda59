-- Whether a job asks a cell in its present state, and therefore may write it. `job_id` and `began` are null for a job
-- that does not exist yet. A job asks nothing twice, unless the question was edited since. A person's acts during the
-- run are kept.
create or replace function job_asks(
  job_id uuid, began timestamptz, "only" text[], model text, prompt_version text, c tabular_cells, column_version int
) returns boolean language sql immutable as $$
  select case
    when is_missing(c) then is_named("only", model, prompt_version, c, column_version)
    when c.job_id = job_asks.job_id and not is_stale(c, job_asks.column_version) then false
    when c.attempt_job_id = job_asks.job_id or c.touched_at > began then false
    when c.again_job_id = job_asks.job_id or job_asks.job_id is null and 'again' = any("only") then true
    when is_a_persons(c) then false
    else is_named("only", model, prompt_version, c, column_version) end
$$;
