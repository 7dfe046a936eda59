-- An editor who renames another person's review must not learn which names that person has given already: only names
-- that an owner gave are unique among that owner's reviews.
alter table tabular_reviews
  add named_by_owner boolean not null default true,
  drop constraint tabular_reviews_user_id_name_key;
create unique index tabular_reviews_by_owners_name on tabular_reviews (user_id, name) where named_by_owner;
grant update (named_by_owner) on tabular_reviews to authenticated;
