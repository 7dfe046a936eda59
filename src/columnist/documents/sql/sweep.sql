-- Examine contents and word boxes that have been loose for long (documents/sweep.py); `gone`: they belonged to no
-- document. A session that notes one of them again waits for the end of this transaction, or this one waits for it.
with looked_at as (
  delete from loose_contents
  where sha256 in (
    select sha256 from loose_contents
    where since < now() - %(loose_for)s::interval
    order by since limit %(batch)s
    for update skip locked)
  returning sha256
), gone as (
  select l.sha256 from looked_at l
  where not exists (select from documents d where d.sha256 = l.sha256)
    and not exists (select from document_readings r where r.boxes_key = l.sha256)
), forgotten as (
  delete from document_contents where sha256 in (select sha256 from gone)
)
select l.sha256, l.sha256 in (select sha256 from gone) as gone from looked_at l
