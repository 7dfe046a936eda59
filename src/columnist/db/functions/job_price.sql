-- US dollars.
create or replace function job_price(job tabular_jobs, prompt_tokens bigint, cached_tokens bigint, completion_tokens bigint)
returns numeric language sql immutable as $$
  select ((prompt_tokens - cached_tokens) * job.price_prompt + cached_tokens * job.price_cached
          + completion_tokens * job.price_completion) / 1000000
$$;
