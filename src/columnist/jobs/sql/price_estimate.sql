-- The prices of the least, the usual and the most tokens of an estimate, if prices are set; and the answers that it
-- leaves alone. `spent`: for each model its prices and these three uses.
select answers_left_alone(%(review_id)s, %(only)s, %(model)s, %(prompt_version)s, %(column_ids)s::uuid[],
                          %(document_ids)s::uuid[])::int as left_alone,
       p[2] as price, p[1] as least_price, p[3] as most_price
from (
  select array(
    select case when bool_or(greatest(s.prompt, s.cached, s.completion) > 0) then
      sum(tokens_price((s.uses -> nr ->> 'prompt_tokens')::numeric, (s.uses -> nr ->> 'cached_tokens')::numeric,
                       (s.uses -> nr ->> 'completion_tokens')::numeric, s.prompt, s.cached, s.completion))::float8 end
    from generate_series(0, 2) nr
    cross join (
      select one -> 'uses' as uses, (one -> 'prices' ->> 'prompt')::numeric as prompt,
             (one -> 'prices' ->> 'cached')::numeric as cached, (one -> 'prices' ->> 'completion')::numeric as completion
      from jsonb_array_elements(%(spent)s::jsonb) one) s
    group by nr order by nr) as p) prices
