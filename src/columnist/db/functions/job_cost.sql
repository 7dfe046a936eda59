-- US dollars that a job has cost: its tokens at its prices, and what calls to other models were dearer or cheaper.
create or replace function job_cost(job tabular_jobs) returns numeric language sql immutable as $$
  select job_price(job, job.prompt_tokens, job.cached_tokens, job.completion_tokens) + job.price_beside
$$;
