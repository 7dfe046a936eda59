-- Who may see and do what. Requests run as role `authenticated` with their claims in request.jwt.claims, the way
-- PostgREST and Supabase do; workers run as `columnist_worker`. Row-level security is forced, so the owner of the
-- tables is bound by it too. Supabase's schema, functions and roles are created only where they are absent.

do $$
begin
  if to_regrole('anon') is null then create role anon nologin; end if;
  if to_regrole('authenticated') is null then create role authenticated nologin; end if;
  if to_regrole('columnist_worker') is null then create role columnist_worker nologin; end if;
  if to_regrole('columnist_gate') is null then create role columnist_gate nologin; end if;
  -- The login may become these roles. From PostgreSQL 16 on it does not inherit their rights meanwhile, so that the
  -- policies bind it, too; the grant form of 15 cannot say so.
  execute format('grant authenticated, columnist_worker, columnist_gate to %I %s', current_user,
                 case when current_setting('server_version_num')::int >= 160000 then 'with inherit false, set true' end);
end $$;

create schema if not exists auth;

do $$
begin
  if to_regprocedure('auth.uid()') is null then
    create function auth.uid() returns uuid language sql stable as
    $f$ select nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid $f$;
  end if;
end $$;

revoke all on columnist_migrations from public, anon, authenticated;
grant usage on schema public to authenticated, columnist_worker, columnist_gate;
do $$
begin
  -- On Supabase the schema is another's, and `authenticated` may use it already.
  if pg_has_role(current_user, (select nspowner from pg_namespace where nspname = 'auth'), 'usage') then
    grant usage on schema auth to authenticated;
  end if;
end $$;

-- As auth.uid(), for the functions that run as columnist_gate: Supabase lets no new role into its schema auth.
create function my_user_id() returns uuid language sql stable as $$
  select nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid
$$;

-- The reviews that the caller of the request may see (minimum 'viewer') or change ('editor') or share ('owner').
-- Runs once per statement as columnist_gate, whose only right is to read what decides.
create function my_review_ids(minimum text default 'viewer') returns setof uuid
language sql stable security definer set search_path = '' as $$
  select r.id from public.tabular_reviews r where r.user_id = (select public.my_user_id())
  union
  select m.review_id from public.review_members m
  where m.email = lower(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email')
    and array_position(array['viewer', 'editor', 'owner'], m.role)
        >= array_position(array['viewer', 'editor', 'owner'], minimum)
$$;

-- The documents that the caller may put into a review: the uploads of theirs and those of the reviews they see.
create function my_document_ids() returns setof uuid
language sql stable security definer set search_path = '' as $$
  select d.id from public.documents d where d.user_id = (select public.my_user_id())
  union
  select d.document_id from public.review_documents d where d.review_id = any(array(select public.my_review_ids()))
$$;

-- The one predicate of every policy. PostgreSQL cannot inline a function that holds a subquery, so the policy hands
-- the caller's reviews in as array(select my_review_ids(...)): computed once per statement, compared per row.
create function can_access_review(review_id uuid, mine uuid[]) returns boolean language sql immutable as $$
  select review_id = any(mine)
$$;

create function can_access_review(review_id uuid) returns boolean language sql stable as $$
  select can_access_review(review_id, array(select my_review_ids()))
$$;

do $$
declare t text;
begin
  -- The gate
  grant select on tabular_reviews, review_members, documents, review_documents to columnist_gate;
  grant create on schema public to columnist_gate;
  alter function my_review_ids(text) owner to columnist_gate;
  alter function my_document_ids() owner to columnist_gate;
  revoke create on schema public from columnist_gate;

  foreach t in array array['users', 'documents', 'document_contents', 'document_pages', 'tabular_reviews',
                           'review_members', 'review_documents', 'tabular_columns', 'tabular_cells', 'tabular_jobs',
                           'tabular_job_items'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    -- Supabase gives every new table to its API roles; what they need is granted below.
    execute format('revoke all on %I from public, anon, authenticated', t);
  end loop;

  foreach t in array array['tabular_reviews', 'review_members', 'documents', 'review_documents'] loop
    execute format('create policy gate on %I for select to columnist_gate using (true)', t);
  end loop;

  -- What belongs to a review: viewers read it, editors change it.
  foreach t in array array['review_documents', 'tabular_columns', 'tabular_cells', 'tabular_jobs',
                           'tabular_job_items'] loop
    execute format('create policy see on %I for select to authenticated '
                   'using (can_access_review(review_id, array(select my_review_ids())))', t);
    execute format('create policy add on %I for insert to authenticated '
                   'with check (can_access_review(review_id, array(select my_review_ids(''editor''))))', t);
    execute format('create policy change on %I for update to authenticated '
                   'using (can_access_review(review_id, array(select my_review_ids(''editor''))))', t);
    execute format('create policy remove on %I for delete to authenticated '
                   'using (can_access_review(review_id, array(select my_review_ids(''editor''))))', t);
  end loop;

  -- What a worker needs, and nothing else.
  foreach t in array array['documents', 'document_contents', 'document_pages', 'tabular_reviews', 'review_documents',
                           'tabular_columns', 'tabular_cells', 'tabular_jobs', 'tabular_job_items'] loop
    execute format('create policy work on %I to columnist_worker using (true) with check (true)', t);
  end loop;
end $$;

-- A document joins a review only through somebody who may see both.
create policy known_document on review_documents as restrictive for insert to authenticated
  with check (document_id in (select my_document_ids()));

create policy see on tabular_reviews for select to authenticated
  using (user_id = (select auth.uid()) or can_access_review(id, array(select my_review_ids())));
create policy add on tabular_reviews for insert to authenticated with check (user_id = (select auth.uid()));
create policy change on tabular_reviews for update to authenticated
  using (can_access_review(id, array(select my_review_ids('editor'))));
create policy remove on tabular_reviews for delete to authenticated
  using (can_access_review(id, array(select my_review_ids('owner'))));

create policy see on review_members for select to authenticated
  using (can_access_review(review_id, array(select my_review_ids())));
create policy share on review_members to authenticated
  using (can_access_review(review_id, array(select my_review_ids('owner'))));

create policy myself on users to authenticated using (id = (select auth.uid()));

create policy mine on documents to authenticated using (user_id = (select auth.uid()));
create policy see on documents for select to authenticated
  using (exists (select from review_documents d where d.document_id = documents.id));

create policy see on document_contents for select to authenticated
  using (exists (select from documents d where d.sha256 = document_contents.sha256));
create policy see on document_pages for select to authenticated
  using (exists (select from documents d where d.sha256 = document_pages.sha256));

grant select, insert, update, delete
  on users, documents, review_members, review_documents, tabular_columns, tabular_cells, tabular_jobs
  to authenticated;
-- Not user_id: an editor must not make a review their own.
grant select, insert, delete, update (name, updated_at) on tabular_reviews to authenticated;
grant select, insert, update on tabular_job_items to authenticated;
grant select on document_contents, document_pages to authenticated;

grant select on documents, tabular_reviews, review_documents, tabular_columns to columnist_worker;
grant select, insert, update, delete on document_contents, document_pages to columnist_worker;
grant select, insert, update on tabular_cells to columnist_worker;
grant select, update on tabular_jobs, tabular_job_items to columnist_worker;
