-- Counts a document for its owner, also if another user stores or deletes it.
create or replace function count_documents() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  case tg_op
  when 'INSERT' then
    perform public.add_usage(n.user_id, n.documents, n.size_bytes, 0)
    from (select user_id, count(*) as documents, sum(size_bytes) as size_bytes from come
          where user_id is not null group by 1 order by 1) n;
  when 'DELETE' then
    perform public.add_usage(o.user_id, -o.documents, -o.size_bytes, 0)
    from (select user_id, count(*) as documents, sum(size_bytes) as size_bytes from gone
          where user_id is not null group by 1 order by 1) o;
  when 'UPDATE' then
    perform public.add_usage(old.user_id, -1, -old.size_bytes, 0);
  end case;
  return null;
end $$;
