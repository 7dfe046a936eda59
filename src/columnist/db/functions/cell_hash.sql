-- The SHA-256 of an answer and its evidence: it recognises a copy.
create or replace function cell_hash(summary text, value jsonb, reasoning text, citations jsonb) returns bytea
language sql stable set search_path = pg_catalog, pg_temp as $$
  select sha256(convert_to(concat_ws(e'\x1f', summary, value, reasoning, citations), 'UTF8'))
$$;
