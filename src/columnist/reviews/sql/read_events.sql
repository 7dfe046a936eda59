-- A page of the trail, in an order in which none is missed: of transactions that ended, if `ended`. `who`: an id or an
-- e-mail address, of who did it or whose it is.
select id, xid::text, at, action, user_id, email, owner_id, review_id, document_id, facts
from events
where (xid, id) > (%(xid)s::xid8, %(id)s)
  and (not %(ended)s or xid < pg_snapshot_xmin(pg_current_snapshot()))
  and (%(since)s::timestamptz is null or at >= %(since)s)
  and (%(review_id)s::uuid is null or review_id = %(review_id)s)
  and (%(who)s::text is null or email = lower(%(who)s) or user_id::text = lower(%(who)s) or owner_id::text = lower(%(who)s))
order by events.xid, id  -- not the text of the same name: that has 1000 before 999
limit %(limit)s
