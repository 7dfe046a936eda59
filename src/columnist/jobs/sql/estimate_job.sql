-- What generate would ask now, and what that costs. Documents that were not read count as long as the mean of the others.
-- No price without prices.
with todo as materialized (
  select * from items_to_ask(%(review_id)s, %(only)s, %(model)s, %(prompt_version)s, %(column_ids)s::uuid[],
                             %(document_ids)s::uuid[])
), sized as materialized (
  select t.cells, k.characters
  from todo t
  join documents d on d.id = t.document_id
  left join document_contents k on k.sha256 = d.sha256 and k.error is null
), typical as (
  select coalesce(avg(characters), %(typical_characters)s) as characters from sized
), calls as (
  select s.cells, s.characters is not null as is_read, size.characters / %(characters_per_token)s::numeric as tokens,
         ceil(s.cells / %(columns_per_call)s::numeric) as groups,
         greatest(1, ceil(size.characters / %(window_characters)s::numeric)) as windows
  from sized s
  cross join typical
  cross join lateral (select coalesce(s.characters, typical.characters) as characters) size
), estimated as (
  select count(*)::int as documents, count(*) filter (where is_read)::int as documents_read,
         coalesce(sum(cells), 0)::int as cells,
         coalesce(sum(groups * windows), 0)::int as calls,
         coalesce(round(sum(groups * (tokens + windows * %(call_tokens)s) + windows * cells * %(question_tokens)s)),
                  0)::bigint as prompt_tokens,
         coalesce(round(sum((groups - 1) * tokens)), 0)::bigint as cached_tokens,
         coalesce(round(sum(windows * cells * %(cell_tokens)s)), 0)::bigint as completion_tokens,
         answers_left_alone(%(review_id)s, %(only)s, %(model)s, %(prompt_version)s, %(column_ids)s::uuid[],
                            %(document_ids)s::uuid[])::int as left_alone
  from calls
)
select e.*,
       case when greatest(%(price_prompt)s, %(price_cached)s, %(price_completion)s) > 0 then
         tokens_price(e.prompt_tokens, e.cached_tokens, e.completion_tokens, %(price_prompt)s, %(price_cached)s,
                      %(price_completion)s)::float8 end as price
from estimated e
