-- The caller's role in a review: owner, editor, viewer, or null. For the right refusal; the policies decide.
create or replace function my_role(review_id uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(
    (select 'owner' from public.tabular_reviews r
     where r.id = my_role.review_id and r.user_id = (select public.my_user_id())),
    (select m.role from public.review_members m
     where m.review_id = my_role.review_id
       and m.email = (select public.my_email())))
$$;
