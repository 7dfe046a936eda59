-- The one place where a user's usage grows and is checked. Its row stays locked until the transaction ends, so if two
-- sessions store at the same time, the second sees what the first did.
create or replace function add_usage(who uuid, more_documents bigint, more_bytes numeric, more_spent numeric)
returns numeric
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  today constant date := (now() at time zone 'UTC')::date;
  used public.user_usage;
begin
  insert into public.user_usage as u (user_id, documents, size_bytes, spent_on, spent)
  values (who, more_documents, more_bytes, today, more_spent)
  on conflict (user_id) do update
  set documents = u.documents + excluded.documents, size_bytes = u.size_bytes + excluded.size_bytes,
      spent_on = today, spent = case when u.spent_on = today then u.spent else 0 end + excluded.spent
  returning u.* into used;
  if more_documents > 0 then
    perform public.check_quota('documents', used.documents);
    perform public.check_quota('bytes', used.size_bytes);
  end if;
  return used.spent;
end $$;
revoke all on function add_usage(uuid, bigint, numeric, numeric) from public;
