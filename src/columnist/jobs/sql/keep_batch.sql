-- The holder of a batch continues with it, and notes its state; fenced. `tried`: something is about to be sent.
update tabular_batches
set look_at = now() + make_interval(secs => %(seconds)s), file_id = coalesce(%(file_id)s, file_id),
    tried_at = case when %(tried)s then clock_timestamp() else tried_at end,
    answered = greatest(answered, %(answered)s), trouble = %(trouble)s,
    failures = case when %(failed)s then failures + 1 else 0 end
where id = %(id)s and holder = %(holder)s and ended_at is null
returning id
