-- Notes what was made and removed, once per statement. What goes with a review is in that review's certificate.
create or replace function note_events() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  case tg_table_name || ' ' || tg_op
  when 'tabular_reviews INSERT' then
    insert into public.events (action, user_id, email, owner_id, review_id)
    select 'create_review', public.my_user_id(), public.my_email(), n.user_id, n.id from come n;
  when 'documents INSERT' then
    insert into public.events (action, user_id, email, owner_id, document_id, facts)
    select 'upload', public.my_user_id(), public.my_email(), n.user_id, n.id,
           jsonb_build_object('sha256', n.sha256, 'size_bytes', n.size_bytes)
    from come n;
  when 'documents DELETE' then
    insert into public.events (action, user_id, email, owner_id, document_id, facts)
    select 'destroy_document', public.my_user_id(), public.my_email(), coalesce(o.user_id, public.my_user_id()), o.id,
           jsonb_build_object('sha256', o.sha256, 'size_bytes', o.size_bytes)
    from gone o;
  when 'review_documents INSERT' then
    insert into public.events (action, user_id, email, owner_id, review_id, facts)
    select 'add_documents', public.my_user_id(), public.my_email(), v.user_id, v.id, jsonb_build_object('documents', n.ids)
    from (select review_id, jsonb_agg(document_id order by position) as ids from come group by 1) n
    join public.tabular_reviews v on v.id = n.review_id;
  when 'review_documents DELETE' then
    insert into public.events (action, user_id, email, owner_id, review_id, facts)
    select 'remove_documents', public.my_user_id(), public.my_email(), v.user_id, v.id,
           jsonb_build_object('documents', o.ids)
    from (select review_id, jsonb_agg(document_id order by position) as ids from gone group by 1) o
    join public.tabular_reviews v on v.id = o.review_id;
  when 'tabular_cells DELETE' then
    insert into public.events (action, user_id, email, owner_id, review_id, facts)
    select 'destroy_answers', public.my_user_id(), public.my_email(), v.user_id, v.id,
           jsonb_build_object('answers', o.answers, 'sha256', o.sha256)
    from (select review_id, count(*) as answers, encode(sha256(string_agg(public.cell_hash(c.summary, c.value, c.reasoning, c.citations), ''
                                           order by c.document_id, c.column_id)), 'hex') as sha256
          from gone c where c.status = 'done' group by 1) o
    join public.tabular_reviews v on v.id = o.review_id;
  when 'review_members INSERT' then
    insert into public.events (action, user_id, email, owner_id, review_id, facts)
    select 'share', public.my_user_id(), public.my_email(), v.user_id, v.id,
           jsonb_build_object('with', n.email, 'role', n.role)
    from come n join public.tabular_reviews v on v.id = n.review_id;
  when 'review_members DELETE' then
    insert into public.events (action, user_id, email, owner_id, review_id, facts)
    select 'revoke', public.my_user_id(), public.my_email(), v.user_id, v.id,
           jsonb_build_object('with', o.email, 'role', o.role)
    from gone o join public.tabular_reviews v on v.id = o.review_id;
  when 'tabular_columns INSERT' then
    insert into public.events (action, user_id, email, owner_id, review_id, facts)
    select 'add_column', public.my_user_id(), public.my_email(), v.user_id, v.id,
           jsonb_build_object('column_id', n.id, 'version', n.version)
    from come n join public.tabular_reviews v on v.id = n.review_id;
  when 'tabular_columns DELETE' then
    insert into public.events (action, user_id, email, owner_id, review_id, facts)
    select 'remove_column', public.my_user_id(), public.my_email(), v.user_id, v.id,
           jsonb_build_object('column_id', o.id, 'version', o.version)
    from gone o join public.tabular_reviews v on v.id = o.review_id;
  when 'tabular_jobs INSERT' then
    insert into public.events (action, user_id, email, owner_id, review_id, facts)
    select 'start_job', public.my_user_id(), public.my_email(), v.user_id, v.id,
           jsonb_build_object('job_id', n.id, 'model', n.model, 'documents', n.total_items)
    from come n join public.tabular_reviews v on v.id = n.review_id;
  when 'api_tokens INSERT' then
    insert into public.events (action, user_id, email, owner_id, facts)
    select 'create_token', public.my_user_id(), public.my_email(), n.user_id,
           jsonb_build_object('token_id', n.id, 'scope', n.scope, 'expires_at', n.expires_at)
    from come n;
  when 'api_tokens DELETE' then
    insert into public.events (action, user_id, email, owner_id, facts)
    select 'revoke_token', public.my_user_id(), public.my_email(), o.user_id, jsonb_build_object('token_id', o.id)
    from gone o;
  end case;
  return null;
end $$;
