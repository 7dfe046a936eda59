-- The installation of this database (documents/ownership.py), and the database itself: a restored dump is another one,
-- in another cluster or of another number.
select i.id::text as installation,
       s.system_identifier || '/' || d.oid as database,
       i.marked_at is not null as marked
from installation i, pg_control_system() s, pg_database d
where d.datname = current_database()
