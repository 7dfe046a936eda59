-- Makes batches of waiting calls, for jobs that ask the models (null: any); returns how many. A job's batch is made
-- when no more calls can come, when none came for `quiet_seconds`, or when it is full. It has at most as many calls and
-- bytes as the provider takes, and as many dollars as are left of the budget and of the user's allowance after the
-- calls that already wait there (for the allowance: those of all the user's jobs), but at least one call if any dollar
-- is left. Its tokens are at most what the provider stated, or half of what it refused, less those that already wait
-- there.
create or replace function cut_tabular_batches(
  server text, models text[], most_requests int, most_bytes bigint, quiet_seconds double precision
) returns int language plpgsql volatile as $$
declare
  job tabular_jobs;
  refused tabular_batches;
  under_way record;
  made uuid;
  cut int := 0;
begin
  perform pg_advisory_xact_lock(hashtextextended('cut_tabular_batches', 0));  -- the next call counts what this one cuts
  for job in
    select j.* from tabular_jobs j
    where j.in_batches and j.status in ('pending', 'running') and j.cancel_requested_at is null and j.paused_at is null
      and (cut_tabular_batches.models is null or j.model = any(cut_tabular_batches.models))
      and exists (select from tabular_batch_requests r where r.job_id = j.id and r.batch_id is null and r.body is not null)
    order by j.id for no key update skip locked
  loop
    continue when exists (
        select from tabular_job_items i where i.job_id = job.id and i.completed_at is null and i.position < 1000000000)
      and not (select max(r.put_off_at) < now() - make_interval(secs => quiet_seconds)
                      or count(*) >= most_requests or sum(r.size_bytes) >= most_bytes
               from tabular_batch_requests r
               where r.job_id = job.id and r.batch_id is null and r.body is not null);
    continue when pause_at_allowance(job.id);
    select b.* into refused from tabular_batches b
    where b.model = job.model and b.server = cut_tabular_batches.server and b.refused_at > now() - interval '1 day'
    order by b.refused_at desc limit 1;
    select coalesce(sum(b.prompt_tokens), 0) as tokens, count(*) filter (where b.job_id = job.id) as batches into under_way
    from tabular_batches b
    where b.model = job.model and b.server = cut_tabular_batches.server and b.ended_at is null;
    -- If fewer would have been refused, too, other calls wait there: it is tried again in a while.
    continue when refused.refused_at > now() - interval '1 minute'
        and (refused.requests = 1 or refused.prompt_tokens <= refused.most_tokens)
      or under_way.tokens > 0 and under_way.tokens >= refused.most_tokens;

    made := gen_random_uuid();
    with line as (
      select r.id, r.prompt_tokens, row_number() over w as nr, sum(r.size_bytes) over w as bytes,
             sum(r.prompt_tokens) over w as tokens,
             sum(job_price(job, r.prompt_tokens, 0, r.completion_tokens)) over w as dollars
      from tabular_batch_requests r
      where r.job_id = job.id and r.batch_id is null and r.body is not null
      window w as (order by r.put_off_at, r.id)
    ), left_over as (
      select least(job.budget - job_cost(job) - coalesce(sum(w.dollars) filter (where w.job_id = job.id), 0),
                   case when job.price_prompt + job.price_completion > 0
                        then allowance_left(job.user_id) - coalesce(sum(w.dollars), 0) end) as dollars
      from (select j.id as job_id, job_price(j, r.prompt_tokens, 0, r.completion_tokens) as dollars
            from tabular_batches b
            join tabular_batch_requests r on r.batch_id = b.id and r.answered_at is null
            join tabular_jobs j on j.id = r.job_id and j.user_id = job.user_id
            where b.ended_at is null) w
    ), taken as materialized (
      select l.id, l.prompt_tokens from line l cross join left_over o
      where l.nr = 1 and under_way.batches = 0 and coalesce(o.dollars > 0, true)
         or l.nr <= most_requests and l.bytes <= most_bytes and (o.dollars is null or l.dollars <= o.dollars)
            and (refused.most_tokens is null or l.tokens <= refused.most_tokens - under_way.tokens)
    ), batch as (
      insert into tabular_batches (id, job_id, review_id, model, server, requests, prompt_tokens)
      select made, job.id, job.review_id, job.model, cut_tabular_batches.server, count(*), sum(t.prompt_tokens)
      from taken t having count(*) > 0
    )
    update tabular_batch_requests r set batch_id = made from taken t where r.id = t.id;
    cut := cut + case when found then 1 else 0 end;
  end loop;
  return cut;
end $$;
