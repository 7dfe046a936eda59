-- The delta feed. `seen` is the snapshot that the reader has seen everything of: a change is new if it was not visible
-- in it. Commits land out of order, but each is visible either in the old snapshot or in a later one, so none is missed
-- however they interleave; the range on changed_xid is what the index serves. Within one reading, pages follow `after`.
with changed as (
  select c.document_id, c.column_id, c.status, c.summary, c.value, c.flag, c.verified, c.error, c.job_id,
         c.changed_xid::text as changed_xid
  from tabular_cells c
  where c.review_id = %(review_id)s
    and c.changed_xid >= pg_snapshot_xmin(%(seen)s::pg_snapshot)
    and not pg_visible_in_snapshot(c.changed_xid, %(seen)s::pg_snapshot)
    and (c.changed_xid, c.document_id, c.column_id)
        > (%(after_xid)s::text::xid8, %(after_document)s::uuid, %(after_column)s::uuid)
    and (%(job_id)s::uuid is null or c.job_id = %(job_id)s)
  order by c.changed_xid, c.document_id, c.column_id
  limit %(limit)s
)
select pg_current_snapshot()::text as snapshot, changed.* from (values (1)) as always left join changed on true
order by changed.changed_xid::xid8, changed.document_id, changed.column_id
