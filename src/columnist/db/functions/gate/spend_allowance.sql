-- After count_call.sql has added the cost of a call, or before a job goes on: counts it in the allowance of the job's
-- user for the day, and pauses the job if that is spent.
create or replace function spend_allowance() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  cost constant numeric := public.tokens_price(
    new.prompt_tokens - old.prompt_tokens, new.cached_tokens - old.cached_tokens,
    new.completion_tokens - old.completion_tokens, new.price_prompt, new.price_cached, new.price_completion)
    + new.price_beside - old.price_beside;
begin
  if new.price_prompt + new.price_cached + new.price_completion = 0 and new.price_beside = old.price_beside then
    return new;
  end if;
  if public.add_usage(new.user_id, 0, 0, cost) >= public.quota('dollars')
     and new.paused_at is null and new.status in ('pending', 'running') then
    new.paused_at := now();
    new.pause_cause := 'allowance';
  end if;
  return new;
end $$;
