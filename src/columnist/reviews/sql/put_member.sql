-- Shares a review with a person, or changes their role.
insert into review_members (review_id, email, role) values (%(review_id)s, lower(%(email)s), %(role)s)
on conflict (review_id, email) do update set role = excluded.role
