-- The certificate of what a deleted review destroys: documents that nobody else has, by the hash of their content; how
-- many others stay; how many answers, and their hash. Without a user, the review's retention has ended.
create or replace function note_deleted_review() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.events (action, user_id, email, owner_id, review_id, facts)
  select 'delete_review', public.my_user_id(), public.my_email(), old.user_id, old.id, jsonb_build_object(
    'reason', case when public.my_user_id() is null then 'retention' else 'request' end,
    'documents_destroyed', documents.destroyed,
    'documents_kept', documents.kept,
    'answers', answers.count,
    'answers_sha256', answers.sha256,
    'columns', (select count(*) from public.tabular_columns c where c.review_id = old.id),
    'changes', (select count(*) from public.tabular_cell_changes h where h.review_id = old.id),
    'jobs', (select count(*) from public.tabular_jobs j where j.review_id = old.id))
  from (
    select coalesce(jsonb_agg(d.sha256 order by r.position) filter (where only_here), '[]') as destroyed,
           count(*) filter (where not only_here) as kept
    from public.review_documents r
    join public.documents d on d.id = r.document_id
    cross join lateral (
      select d.user_id is null
             and not exists (select from public.review_documents o
                             where o.document_id = d.id and o.review_id <> r.review_id) as only_here) x
    where r.review_id = old.id) documents,
  (select count(*) as count, encode(sha256(string_agg(public.cell_hash(c.summary, c.value, c.reasoning, c.citations), ''
                                           order by c.document_id, c.column_id)), 'hex') as sha256
   from public.tabular_cells c where c.review_id = old.id and c.status = 'done') answers;
  return old;
end $$;
