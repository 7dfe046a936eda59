-- Nobody but a worker writes what a model has said, nor the key by which it is reused. People change cells through
-- change_tabular_cell and restore_tabular_cell only, which run as columnist_gate, and start jobs in their own name.

do $$
declare f regprocedure;
begin
  grant create on schema public to columnist_gate;
  for f in select oid::regprocedure from pg_proc
           where pronamespace = 'public'::regnamespace and proname in ('change_tabular_cell', 'restore_tabular_cell') loop
    execute format('alter function %s owner to columnist_gate', f);
  end loop;
  revoke create on schema public from columnist_gate;
end $$;

revoke insert, update, delete on tabular_cells from authenticated;
revoke insert on tabular_cell_changes from authenticated;
grant insert, update on tabular_cells to columnist_gate;
grant select, insert on tabular_cell_changes to columnist_gate;
grant select on tabular_columns to columnist_gate;

-- Until the functions are defined anew they run as before, so that nobody is refused meanwhile.
create policy gate_change on tabular_cells to columnist_gate using (true) with check (true);
create policy gate on tabular_cell_changes to columnist_gate using (true) with check (true);
create policy gate on tabular_columns for select to columnist_gate using (true);

revoke update on documents from authenticated;
grant update (path) on documents to authenticated;

do $$
begin
  revoke update on tabular_jobs from authenticated;
  execute (
    select format('grant update (%s) on tabular_jobs to authenticated', string_agg(quote_ident(column_name), ', '))
    from information_schema.columns
    where table_schema = 'public' and table_name = 'tabular_jobs'
      and column_name not in ('id', 'review_id', 'user_id', 'model', 'prompt_version', 'created_at', 'created_xid')
      and column_name not like 'price\_%');
end $$;
