-- The answer has a sign against it (answers/doubt.py) and nobody has looked at it: one for the queue. Any answer has a
-- little doubt; the index tabular_cells_doubtful has those of which this is true.
create or replace function is_doubtful(c tabular_cells) returns boolean language sql immutable as $$
  select c.doubt >= 0.2 and c.status = 'done' and c.edited_at is null and c.verified_at is null
$$;
