-- Notes rows that were made or removed, once per statement: they are in `changed`. Rows that are removed with a review
-- are in its certificate.
create or replace function note_events() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  is_new constant boolean := tg_op = 'INSERT';
begin
  case tg_table_name
  when 'tabular_reviews' then
    insert into public.events (action, user_id, email, owner_id, review_id)
    select 'create_review', public.my_user_id(), public.my_email(), s.user_id, s.id from changed s;
  when 'documents' then
    insert into public.events (action, user_id, email, owner_id, document_id, facts)
    select case when is_new then 'upload' else 'destroy_document' end, public.my_user_id(), public.my_email(),
           coalesce(s.user_id, public.my_user_id()), s.id,
           jsonb_build_object('sha256', s.sha256, 'size_bytes', s.size_bytes)
    from changed s;
  when 'review_documents' then
    insert into public.events (action, user_id, email, owner_id, review_id, facts)
    select case when is_new then 'add_documents' else 'remove_documents' end, public.my_user_id(), public.my_email(),
           v.user_id, v.id, jsonb_build_object('documents', s.ids)
    from (select review_id, jsonb_agg(document_id order by position) as ids from changed group by 1) s
    join public.tabular_reviews v on v.id = s.review_id;
  when 'tabular_cells' then
    insert into public.events (action, user_id, email, owner_id, review_id, facts)
    select 'destroy_answers', public.my_user_id(), public.my_email(), v.user_id, v.id,
           jsonb_build_object('answers', s.answers, 'sha256', s.sha256)
    from (select review_id, count(*) as answers, encode(sha256(string_agg(public.cell_hash(c.summary, c.value, c.reasoning, c.citations), ''
                                           order by c.document_id, c.column_id)), 'hex') as sha256
          from changed c where c.status = 'done' group by 1) s
    join public.tabular_reviews v on v.id = s.review_id;
  when 'review_members' then
    insert into public.events (action, user_id, email, owner_id, review_id, facts)
    select case when is_new then 'share' else 'revoke' end, public.my_user_id(), public.my_email(), v.user_id, v.id,
           jsonb_build_object('with', s.email, 'role', s.role)
    from changed s join public.tabular_reviews v on v.id = s.review_id;
  when 'tabular_columns' then
    insert into public.events (action, user_id, email, owner_id, review_id, facts)
    select case when is_new then 'add_column' else 'remove_column' end, public.my_user_id(), public.my_email(),
           v.user_id, v.id, jsonb_build_object('column_id', s.id, 'version', s.version)
    from changed s join public.tabular_reviews v on v.id = s.review_id;
  when 'tabular_jobs' then
    insert into public.events (action, user_id, email, owner_id, review_id, facts)
    select 'start_job', public.my_user_id(), public.my_email(), v.user_id, v.id,
           jsonb_build_object('job_id', s.id, 'model', s.model, 'documents', s.total_items)
    from changed s join public.tabular_reviews v on v.id = s.review_id;
  when 'api_tokens' then
    insert into public.events (action, user_id, email, owner_id, facts)
    select case when is_new then 'create_token' else 'revoke_token' end, public.my_user_id(), public.my_email(),
           s.user_id, jsonb_build_object('token_id', s.id, 'scope', s.scope, 'expires_at', s.expires_at)
    from changed s;
  end case;
  return null;
end $$;
