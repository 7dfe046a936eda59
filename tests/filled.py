"""A review of any size with all answers, written by SQL and never asked."""

from uuid import UUID, uuid4

import psycopg

from columnist.db.connect import LOCAL_USER

COLUMNS = 50
FORMATS = ["text", "date", "number", "monetary_amount", "tag"]

FILL = """
with review as (
  insert into tabular_reviews (id, user_id, name) values (%(review)s, %(user)s, %(review)s::uuid::text) returning id
), columns as (
  insert into tabular_columns (review_id, index, name, prompt, format)
  select id, nr, 'Column ' || nr, 'What?', (%(formats)s::text[])[nr %% cardinality(%(formats)s::text[]) + 1]
  from review, generate_series(0, %(columns)s - 1) nr returning id, review_id, format, index
), files as (
  insert into documents (user_id, name, sha256, size_bytes)
  select %(user)s, format('contract-%%s.pdf', lpad(nr::text, 5, '0')),
         encode(sha256(format('%%s %%s', %(review)s::uuid, nr)::bytea), 'hex'), 1
  from generate_series(1, %(rows)s) nr returning id, name
), rows as (
  insert into review_documents (review_id, document_id, position)
  select review.id, files.id, row_number() over (order by files.name) from review, files returning document_id, position
)
select columns.id, columns.format from columns order by index
"""

ANSWER = """
insert into tabular_cells (review_id, document_id, column_id, status, summary, value, flag, reasoning, citations,
                           verified, column_version, model, prompt_version, changed_xid)
select r.review_id, r.document_id, c.id, 'done', a.summary,
       case c.format
         when 'date' then to_jsonb(date '2010-01-01' + a.number)
         when 'number' then to_jsonb(a.number::text)
         when 'monetary_amount' then jsonb_build_object('amount', a.number || '.00', 'currency', 'USD')
         else to_jsonb(a.summary) end,
       case when a.number %% 20 = 0 then 'red' when a.number %% 7 = 0 then 'yellow' else 'green' end,
       repeat('Section 4.2 says so, and nothing else in the agreement speaks against it. ', 3),
       jsonb_build_array(jsonb_build_object('quote', a.summary, 'page', 1, 'verified', a.number %% 50 > 0)),
       a.number %% 50 > 0, 1, 'bench', '1', pg_current_xact_id()
from review_documents r
join tabular_columns c on c.review_id = r.review_id
cross join lateral (
  select number, format('The lessee w%%s pays to w%%s under the laws of w%%s, number %%s', number %% 997, number %% 89,
                        number %% 13, number) as summary
  from (select abs(hashtext(r.position || '/' || c.index)) %% 5000 as number) n) a
where r.review_id = %(review)s
"""

# The page shows the set-up for a review that was never run.
RUN_BEFORE = """
insert into tabular_jobs (review_id, user_id, status, model, prompt_version, "only", total_items, total_cells,
                          completed_items, done_cells, started_at, completed_at)
values (%(review)s, %(user)s, 'completed', 'bench', '1', '{missing}', %(rows)s, %(rows)s::int * %(columns)s,
        %(rows)s, %(rows)s::int * %(columns)s, now(), now())
"""


def fill(connection: psycopg.Connection, rows: int, columns: int = COLUMNS) -> tuple[UUID, dict[str, UUID]]:
    """A review with this many rows and columns, run and all answered: its id, and the last column of each format."""
    review = uuid4()
    values = {"review": review, "user": LOCAL_USER.id, "formats": FORMATS, "columns": columns, "rows": rows}
    last = {kind: column for column, kind in connection.execute(FILL, values).fetchall()}
    connection.execute(ANSWER, {"review": review})
    connection.execute(RUN_BEFORE, values)
    return review, last
