-- An attempt failed, and another may succeed: back to pending, claimable when the back-off is over. Fenced. Returns
-- nothing if the attempts are used up (or another worker holds the item): the caller ends it as an error.
update tabular_job_items
set status = 'pending', lease_expires_at = now() + make_interval(secs => %(delay_seconds)s)
where id = %(id)s and attempt_count = %(attempt)s and status = 'running'
  and attempt_count - handed_back_count < %(max_attempts)s
returning id
