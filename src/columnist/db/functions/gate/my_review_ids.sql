-- The reviews that the caller of the request may see (minimum 'viewer'), change ('editor') or share ('owner').
-- Runs once per statement as columnist_gate, which may only read the tables that decide.
create or replace function my_review_ids(minimum text default 'viewer') returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select r.id from public.tabular_reviews r where r.user_id = (select public.my_user_id())
  union
  select m.review_id from public.review_members m
  where m.email = (select public.my_email())
    and array_position(array['viewer', 'editor', 'owner'], m.role)
        >= array_position(array['viewer', 'editor', 'owner'], minimum)
$$;
