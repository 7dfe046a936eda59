-- Notes a change and its user; the conditions of its triggers say which changes count.
create or replace function note_changes() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  noted text;
  facts jsonb;
  document uuid;
begin
  case tg_table_name
  when 'documents' then
    insert into public.events (action, user_id, email, owner_id, document_id, facts)
    values ('delete_document', public.my_user_id(), public.my_email(), old.user_id, old.id,
            jsonb_build_object('sha256', old.sha256, 'size_bytes', old.size_bytes));
    return null;
  when 'api_tokens' then
    insert into public.events (action, user_id, email, owner_id, facts)
    values ('revoke_token', public.my_user_id(), public.my_email(), new.user_id, jsonb_build_object('token_id', new.id));
    return null;
  when 'users' then
    insert into public.events (action, user_id, email, owner_id)
    values (case when new.disabled_at is null then 'enable_user' else 'disable_user' end,
            public.my_user_id(), public.my_email(), new.id);
    return null;
  when 'tabular_reviews' then
    insert into public.events (action, user_id, email, owner_id, review_id, facts)
    values (case when new.name <> old.name then 'rename_review' else 'set_retention' end,
            public.my_user_id(), public.my_email(), new.user_id, new.id,
            case when new.name <> old.name then '{}' else jsonb_build_object('delete_at', new.delete_at) end);
    return null;
  when 'review_members' then
    noted := 'share';
    facts := jsonb_build_object('with', new.email, 'role', new.role, 'was', old.role);
  when 'tabular_columns' then
    noted := 'edit_column';
    facts := jsonb_build_object('column_id', new.id, 'version', new.version);
  when 'tabular_cell_changes' then
    noted := new.action;
    document := new.document_id;
    facts := jsonb_build_object('column_id', new.column_id);
  when 'tabular_jobs' then
    noted := case when new.completed_at is not null then 'end_job'
                  when new.cancel_requested_at is distinct from old.cancel_requested_at then 'cancel_job'
                  else 'resume_job' end;
    facts := jsonb_build_object('job_id', new.id, 'status', new.status);
  end case;
  insert into public.events (action, user_id, email, owner_id, review_id, document_id, facts)
  select noted, public.my_user_id(), public.my_email(), v.user_id, v.id, document, facts
  from public.tabular_reviews v where v.id = new.review_id;
  return null;
end $$;
