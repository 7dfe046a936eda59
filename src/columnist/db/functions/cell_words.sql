-- Full text. The review's id is one of a cell's words, so that a search reads the postings of no other review's; no
-- word that anybody searches for begins with `=`.
create or replace function cell_words(review_id uuid, summary text) returns tsvector language sql immutable as $$
  select public.searchable_words(left(coalesce(summary, ''), 10000)) || array_to_tsvector(array['=' || review_id::text])
$$;
