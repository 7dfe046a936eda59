-- The documents of a review that have an answer with all these words or beginnings of words, or whose name or folder
-- contains them literally. `@@` is not leakproof, so under row-level security it could use no index: this runs as
-- columnist_gate, and checks itself who may see the review. The result is often half of the table, for which the
-- planner would read all of it, word by word; and so it would with a bitmap that outgrows its memory.
create or replace function documents_with_words(review_id uuid, words text) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set work_mem = '32MB' as $$
  select c.document_id
  from public.tabular_cells c
  where public.cell_words(c.review_id, c.summary) @@ (
      select (string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || ''':*', ' & ')
              || ' & ''=' || documents_with_words.review_id || '''')::tsquery
      from unnest(public.searchable_words(words)))
    and c.review_id = documents_with_words.review_id
    and documents_with_words.review_id in (select public.my_review_ids())
  union
  select r.document_id
  from public.review_documents r join public.documents d on d.id = r.document_id
  where r.review_id = documents_with_words.review_id
    and strpos(public.folded(coalesce(d.path, d.name)), public.folded(words)) > 0
    and documents_with_words.review_id in (select public.my_review_ids())
$$;
