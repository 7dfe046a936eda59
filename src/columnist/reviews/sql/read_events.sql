-- A page of the trail, in an order in which no event is missed: only of ended transactions, if `ended`. `who`: an id or
-- an e-mail address, of the acting user or of the owner.
select id, xid::text, at, action, user_id, email, owner_id, review_id, document_id, facts
from events
where (xid, id) > (%(xid)s::xid8, %(id)s)
  and (not %(ended)s or xid < pg_snapshot_xmin(pg_current_snapshot()))
  and (%(since)s::timestamptz is null or at >= %(since)s)
  and (%(review_id)s::uuid is null or review_id = %(review_id)s)
  and (%(who)s::text is null or email = lower(%(who)s) or user_id::text = lower(%(who)s) or owner_id::text = lower(%(who)s))
order by events.xid, id  -- not the text column of the same name, which puts 1000 before 999
limit %(limit)s
