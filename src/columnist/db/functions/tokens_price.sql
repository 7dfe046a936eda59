-- US dollars for tokens at prices per million. `cached_tokens` are part of `prompt_tokens`.
create or replace function tokens_price(
  prompt_tokens numeric, cached_tokens numeric, completion_tokens numeric,
  price_prompt numeric, price_cached numeric, price_completion numeric
) returns numeric language sql immutable as $$
  select ((prompt_tokens - cached_tokens) * price_prompt + cached_tokens * price_cached
          + completion_tokens * price_completion) / 1000000
$$;
