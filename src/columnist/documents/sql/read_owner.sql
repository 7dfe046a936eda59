-- The installation of this database (documents/ownership.py), and the database itself: a restored dump is another one,
-- in another cluster or of another number.
select id::text as installation, database_identity() as database, marked_at is not null as marked
from installation
