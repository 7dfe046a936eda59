-- The documents of a review that have a question to ask, and how many: for generate and for its estimate.
create or replace function items_to_ask(
  review_id uuid, "only" text[], model text, prompt_version text, column_ids uuid[], document_ids uuid[]
) returns table (document_id uuid, "position" int, cells bigint) language sql stable as $$
  with asked_columns as (
    select col.id, col.version from tabular_columns col
    where col.review_id = items_to_ask.review_id and (column_ids is null or col.id = any(column_ids))
  ), answered as (
    select c.document_id, count(*) as cells,
           count(*) filter (where job_asks(null, null, items_to_ask."only", items_to_ask.model,
                                           items_to_ask.prompt_version, c, col.version)) as asked
    from tabular_cells c join asked_columns col on col.id = c.column_id
    where c.review_id = items_to_ask.review_id
    group by c.document_id
  )
  select d.document_id, d.position, t.cells
  from review_documents d
  left join answered a on a.document_id = d.document_id
  cross join lateral (
    select coalesce(a.asked, 0)
           + case when items_to_ask."only" && array['missing', 'all', 'again']
             then (select count(*) from asked_columns) - coalesce(a.cells, 0) else 0 end as cells) t
  where d.review_id = items_to_ask.review_id
    and (document_ids is null or d.document_id = any(document_ids))
    and t.cells > 0
$$;
