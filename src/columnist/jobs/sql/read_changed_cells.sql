-- The delta feed. `seen` is the snapshot up to which the reader has everything: a change is new if it was not visible
-- in it. Commits land out of order, but each is visible either in the old snapshot or in a later one, so none is missed
-- however they interleave. `until` (null: the present one) is the snapshot that shows the last changes of the reading.
-- Within one reading, pages follow `after`; the first follows the xids that are all seen.
-- A change is one of the cell, one of its question, which made it stale, or its removal with its row or column
-- (`missing`). One row with all cells as compact JSON, which no code between here and the browser needs to parse.
-- The plan is kept, and must not depend on the statistics: what stands before `offset 0` is looked up for each row before
-- it, and a cell is found again by its place (ctid), which stays the same within a statement.
with changed as materialized (
  (select c.changed_xid as xid, c.document_id, c.column_id, c.ctid as place
   from tabular_cells c
   where c.review_id = %(review_id)s
     and not pg_visible_in_snapshot(c.changed_xid, (select %(seen)s::pg_snapshot))
     and coalesce(pg_visible_in_snapshot(c.changed_xid, (select %(until)s::pg_snapshot)), true)
     -- The only bound of what the index reads: PostgreSQL begins at a row's, and no later at another one beside it.
     and (c.changed_xid, c.document_id, c.column_id)
         > (%(after_xid)s::text::xid8, %(after_document)s::uuid, %(after_column)s::uuid)
     and (%(job_id)s::uuid is null or %(job_id)s in (c.job_id, c.attempt_job_id))
   order by c.changed_xid, c.document_id, c.column_id
   limit %(limit)s)
  union
  (select col.asked_xid, c.document_id, c.column_id, c.ctid
   from (select * from tabular_columns col
         where col.review_id = %(review_id)s
           and not pg_visible_in_snapshot(col.asked_xid, (select %(seen)s::pg_snapshot))
           and coalesce(pg_visible_in_snapshot(col.asked_xid, (select %(until)s::pg_snapshot)), true) offset 0) col
   cross join lateral (
     select c.document_id, c.column_id, c.job_id, c.attempt_job_id, c.ctid
     from tabular_cells c
     where c.review_id = %(review_id)s and c.column_id = col.id and is_stale(c, col.version)
       and pg_visible_in_snapshot(c.changed_xid, (select %(seen)s::pg_snapshot)) offset 0) c  -- the others are above
   where (col.asked_xid, c.document_id, c.column_id)
         > (%(after_xid)s::text::xid8, %(after_document)s::uuid, %(after_column)s::uuid)
     and (%(job_id)s::uuid is null or %(job_id)s in (c.job_id, c.attempt_job_id))
   order by col.asked_xid, c.document_id, c.column_id
   limit %(limit)s)
  union
  (select r.changed_xid, r.document_id, r.column_id, null::tid
   from tabular_removed_cells r
   where r.review_id = %(review_id)s and %(job_id)s::uuid is null
     and not pg_visible_in_snapshot(r.changed_xid, (select %(seen)s::pg_snapshot))
     and coalesce(pg_visible_in_snapshot(r.changed_xid, (select %(until)s::pg_snapshot)), true)
     and (r.changed_xid, r.document_id, r.column_id)
         > (%(after_xid)s::text::xid8, %(after_document)s::uuid, %(after_column)s::uuid)
     and r.column_id <> all(array(
       select c.column_id from tabular_cells c where c.review_id = %(review_id)s and c.document_id = r.document_id))
   order by r.changed_xid, r.document_id, r.column_id
   limit %(limit)s)
  order by xid, document_id, column_id
  limit %(limit)s
), awaited as materialized (  -- once per document, however many of its cells have changed
  select d.document_id, a.column_id
  from (select distinct document_id from changed) d
  cross join lateral awaited_columns(%(review_id)s, d.document_id) a
)
select transaction_history() as history,
       pg_current_snapshot()::text as snapshot,
       newest_change(%(review_id)s)::text as newest,
       (select count(*)::int from changed) as count,
       (select concat_ws('/', xid, document_id, column_id) from changed
        order by xid desc, document_id desc, column_id desc limit 1) as last,
       (select string_agg(row_to_json(shown)::text, ',' order by k.xid, k.document_id, k.column_id)
        from changed k
        left join tabular_columns col on col.id = k.column_id
        left join lateral (select * from tabular_cells c where c.ctid = k.place offset 0) c on true
        cross join lateral (
          select k.document_id, k.column_id, compact.*,
                 (k.document_id, k.column_id) in (select a.document_id, a.column_id from awaited a) as awaited
          from compact_cell(c, col.version, %(model)s, %(prompt_version)s) compact) shown) as cells
