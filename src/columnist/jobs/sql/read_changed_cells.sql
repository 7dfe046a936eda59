-- The delta feed. `seen` is the snapshot that the reader has seen everything of: a change is new if it was not visible
-- in it. Commits land out of order, but each is visible either in the old snapshot or in a later one, so none is missed
-- however they interleave; the range on changed_xid is what the index serves. Within one reading, pages follow `after`.
-- One row with all cells as JSON, compact: nobody between here and the browser needs to look into them.
with changed as materialized (
  select c.*
  from tabular_cells c
  where c.review_id = %(review_id)s
    and c.changed_xid >= pg_snapshot_xmin(%(seen)s::pg_snapshot)
    and not pg_visible_in_snapshot(c.changed_xid, %(seen)s::pg_snapshot)
    and (c.changed_xid, c.document_id, c.column_id)
        > (%(after_xid)s::text::xid8, %(after_document)s::uuid, %(after_column)s::uuid)
    and (%(job_id)s::uuid is null or %(job_id)s in (c.job_id, c.attempt_job_id))
  order by c.changed_xid, c.document_id, c.column_id
  limit %(limit)s
), awaited as materialized (  -- once a document, however many of its cells have changed
  select d.document_id, a.column_id
  from (select distinct document_id from changed) d
  cross join lateral awaited_columns(%(review_id)s, d.document_id) a
)
select pg_current_snapshot()::text as snapshot,
       (select count(*)::int from changed) as count,
       (select concat_ws('/', changed_xid, document_id, column_id) from changed
        order by changed_xid desc, document_id desc, column_id desc limit 1) as last,
       (select string_agg(row_to_json(shown)::text, ',' order by c.changed_xid, c.document_id, c.column_id)
        from changed c
        join tabular_columns col on col.id = c.column_id
        cross join lateral (
          select c.document_id, c.column_id, compact.*,
                 (c.document_id, c.column_id) in (select a.document_id, a.column_id from awaited a) as awaited
          from compact_cell(c, col.version, %(model)s, %(prompt_version)s) compact) shown) as cells
