-- Marks every write of a cell for the delta feed, and keeps its fields consistent. A verification holds for one answer
-- with its evidence, to one wording of the question: it is removed when one of these changes.
create or replace function stamp_tabular_cell() returns trigger language plpgsql as $$
begin
  new.changed_xid := pg_current_xact_id();
  new.updated_at := now();
  if tg_op = 'UPDATE' and new.verified_at is not distinct from old.verified_at
     and ((new.status, new.summary, new.value, new.citations, new.column_version)
            is distinct from (old.status, old.summary, old.value, old.citations, old.column_version)
          or new.job_id is distinct from old.job_id
             and (new.flag, new.rule, new.reasoning) is distinct from (old.flag, old.rule, old.reasoning)) then
    new.verified_at := null;
  end if;
  if new.verified_at is null then
    new.verified_by := null;
  end if;
  if new.edited_at is null then
    new.edited_by := null;
  end if;
  if new.flag is null then
    new.rule := null;
  end if;
  if new.value is null then
    new.value_format := null;
  end if;
  if new.status = 'error' and new.attempted_at is null then
    new.attempt_error := coalesce(new.error, '');
    new.attempted_at := now();
    new.attempt_job_id := new.job_id;
  end if;
  return new;
end $$;
