create or replace trigger limit_made after insert on tabular_reviews referencing new table as come
  for each statement execute function limit_made('reviews', 'user_id');
create or replace trigger limit_made after insert on column_templates referencing new table as come
  for each statement execute function limit_made('templates', 'user_id');
create or replace trigger limit_grown after update on column_templates referencing new table as come
  for each statement execute function limit_made('templates', 'user_id');
create or replace trigger limit_made after insert on tabular_columns referencing new table as come
  for each statement execute function limit_made('columns', 'review_id');
create or replace trigger limit_grown after update on tabular_columns referencing new table as come
  for each statement execute function limit_made('columns', 'review_id');
create or replace trigger limit_made after insert on review_members referencing new table as come
  for each statement execute function limit_made('members', 'review_id');
create or replace trigger limit_made after insert on api_tokens referencing new table as come
  for each statement execute function limit_made('tokens', 'user_id', 'revoked_at is null and expires_at > now()');
