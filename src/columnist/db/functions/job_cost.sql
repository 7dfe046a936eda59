-- The cost of a job in US dollars: its tokens at its prices, and the difference in price of calls to other models.
create or replace function job_cost(job tabular_jobs) returns numeric language sql immutable as $$
  select job_price(job, job.prompt_tokens, job.cached_tokens, job.completion_tokens) + job.price_beside
$$;
