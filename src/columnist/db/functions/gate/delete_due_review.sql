-- For workers: deletes a review whose retention has ended; false if there is none.
create or replace function delete_due_review() returns boolean
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  with due as (
    select v.id from public.tabular_reviews v where v.delete_at <= now()
    order by v.delete_at limit 1
    for update skip locked
  ), deleted as (
    delete from public.tabular_reviews v using due where v.id = due.id returning v.id
  )
  select exists (select from deleted)
$$;
revoke all on function delete_due_review() from public;
grant execute on function delete_due_review() to columnist_worker;
