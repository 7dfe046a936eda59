-- An attempt failed in a way that another may not: back to pending, not to be claimed before the back-off is over.
-- Fenced. Returns nothing when the attempts are used up (or the item is another's): the caller ends it as an error.
update tabular_job_items
set status = 'pending', lease_expires_at = now() + make_interval(secs => %(delay_seconds)s)
where id = %(id)s and attempt_count = %(attempt)s and status = 'running'
  and attempt_count - handed_back_count < %(max_attempts)s
returning id
