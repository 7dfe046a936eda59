-- A user is known from their first review or upload on, by the e-mail they sign in with.
insert into users (id, email) values (%(user_id)s, %(email)s)
on conflict (id) do update set email = excluded.email
where users.email <> excluded.email
