-- The certificates that the user may see, newest first: of reviews that they owned or deleted.
select review_id, at, email as deleted_by, facts from events
where action = 'delete_review' and (%(review_id)s::uuid is null or review_id = %(review_id)s)
order by at desc limit %(limit)s
