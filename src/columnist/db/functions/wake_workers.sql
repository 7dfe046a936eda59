-- Wakes up those who listen, once the transaction is committed. A queue of notifications that is full, as by a session
-- that listens in a transaction and forgets it, would refuse the whole transaction: before it is, nobody is woken up, and
-- workers find the work when they look for some (TABULAR_WORKER_IDLE_MS).
create or replace function wake_workers(channel text, payload text) returns boolean language plpgsql volatile as $$
begin
  if pg_notification_queue_usage() >= 0.9 then
    return false;
  end if;
  perform pg_notify(channel, payload);
  return true;
end $$;
