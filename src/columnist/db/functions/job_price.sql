-- US dollars for tokens at the prices of a job.
create or replace function job_price(job tabular_jobs, prompt_tokens bigint, cached_tokens bigint, completion_tokens bigint)
returns numeric language sql immutable as $$
  select tokens_price(prompt_tokens, cached_tokens, completion_tokens, job.price_prompt, job.price_cached,
                      job.price_completion)
$$;
