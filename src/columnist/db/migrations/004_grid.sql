-- What windows of the grid are sorted, filtered and searched by (reviews/sql/rows.sql).

-- Kept by PostgreSQL with every write. No cast here can fail: what does not look like a number or a date is none.
alter table tabular_cells
  add sort_number double precision generated always as (   -- yes_no: 0 or 1; money: the amount; dates: yyyymmdd
    case
      when value = 'true' then 1
      when value = 'false' then 0
      when value ->> 'amount' ~ '^-?\d{1,100}(\.\d{1,100})?$' then (value ->> 'amount')::double precision
      when jsonb_typeof(value) not in ('string', 'number') then null
      when value #>> '{}' ~ '^-?\d{1,100}(\.\d{1,100})?$' then (value #>> '{}')::double precision
      when value #>> '{}' ~ '^\d{4}-\d\d-\d\d$' then replace(value #>> '{}', '-', '')::double precision
    end) stored,
  add sort_text text generated always as (                  -- null: nothing was found
    case
      when status <> 'done' then null
      when jsonb_typeof(value) = 'string' then lower(left(value #>> '{}', 200))
      when flag = 'grey' and jsonb_typeof(coalesce(value, 'null')) = 'null' then null
      else lower(left(summary, 200))
    end) stored;

-- All that sorting and filtering by a column needs, so that nothing else of its cells is read.
drop index tabular_cells_by_column;
create index tabular_cells_by_column on tabular_cells (column_id, sort_number, sort_text, document_id)
  include (review_id, status, flag, verified, column_version, edited_at, verified_at);

-- Rows with any cell of a flag: one look per row. The keys of a row's cells are equal, and stored once.
create index tabular_cells_by_flag on tabular_cells (review_id, flag, document_id);

-- The cells that somebody looks for in the whole grid: few, or put there by hand.
create index tabular_cells_remarkable on tabular_cells (review_id, document_id)
  where status = 'error' or verified is false or edited_at is not null or verified_at is not null;

-- Full text. The review's id is one of a cell's words, so that a search reads the postings of no other review's; no
-- word that anybody searches for begins with `=`.
create function cell_words(review_id uuid, summary text) returns tsvector language sql immutable as $$
  select to_tsvector('simple', left(coalesce(summary, ''), 10000)) || array_to_tsvector(array['=' || review_id::text])
$$;
create index tabular_cells_by_words on tabular_cells using gin (cell_words(review_id, summary));

-- The documents of a review that have an answer with all these words or beginnings of words, or whose name holds them
-- as they stand. `@@` is not leakproof, so under row-level security it could use no index: this runs as columnist_gate,
-- and asks itself who may see the review. What is found is often half of the table, which the planner takes for a reason
-- to read all of it, word by word; and a bitmap that outgrows its memory would be read so, too.
create function documents_with_words(review_id uuid, words text) returns setof uuid
language sql stable security definer set search_path = '' set enable_seqscan = off set work_mem = '32MB' as $$
  select c.document_id
  from public.tabular_cells c
  where public.cell_words(c.review_id, c.summary) @@ (
      select (string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || ''':*', ' & ')
              || ' & ''=' || documents_with_words.review_id || '''')::tsquery
      from unnest(to_tsvector('simple', words)))
    and c.review_id = documents_with_words.review_id
    and documents_with_words.review_id in (select public.my_review_ids())
  union
  select r.document_id
  from public.review_documents r join public.documents d on d.id = r.document_id
  where r.review_id = documents_with_words.review_id
    and strpos(lower(d.name), lower(words)) > 0
    and documents_with_words.review_id in (select public.my_review_ids())
$$;

grant select on tabular_cells to columnist_gate;
grant create on schema public to columnist_gate;
alter function documents_with_words(uuid, text) owner to columnist_gate;
revoke create on schema public from columnist_gate;
create policy gate on tabular_cells for select to columnist_gate using (true);
