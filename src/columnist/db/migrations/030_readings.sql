-- What was read belongs to one document. Before, it was kept once per content, so that a user could see whether another
-- one had the same file, and got what that one's file name had made of it.

create table document_readings (
  document_id uuid primary key references documents on delete cascade,
  boxes_key text not null,               -- of the word boxes in the file store
  media_type text,
  page_count int not null default 0,
  characters bigint not null default 0,
  tokens bigint,
  page_bytes int[],
  language text check (language ~ '^[a-z]{2}$'),
  ocr_pages int not null default 0,
  ocr_on int[] not null default '{}',
  unread_pages int not null default 0,
  unread_on int[] not null default '{}',
  remarks jsonb not null default '[]',
  error text,                            -- why it cannot be read; the pages are then absent
  reader_version int not null,
  read_at timestamptz not null default now()
);
create index document_readings_by_boxes on document_readings (boxes_key);

create table reading_pages (
  document_id uuid not null references document_readings on delete cascade,
  number int not null check (number >= 1),
  text text not null,
  width real not null,
  height real not null,
  hidden text not null default '',
  primary key (document_id, number)
);

do $$
declare t text;
begin
  foreach t in array array['document_readings', 'reading_pages'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('revoke all on %I from public, anon, authenticated', t);  -- as in 002
    execute format('create policy work on %I to columnist_worker using (true) with check (true)', t);
    execute format('grant select on %I to authenticated', t);
    execute format('grant select, insert, update, delete on %I to columnist_worker', t);
  end loop;
end $$;
grant select on document_readings to columnist_gate;

-- Documents that a job has read keep what was read, unless it may have been read as another kind of text. As a worker,
-- since the policies bind the owner, too.
set local role columnist_worker;
insert into document_readings (document_id, boxes_key, media_type, page_count, characters, tokens, page_bytes, language,
                               ocr_pages, ocr_on, unread_pages, unread_on, remarks, error, reader_version, read_at)
select d.id, d.sha256, k.media_type, k.page_count, k.characters, k.tokens, k.page_bytes, k.language, k.ocr_pages, k.ocr_on,
       k.unread_pages, k.unread_on, k.remarks, k.error, k.reader_version, k.read_at
from documents d
join document_contents k using (sha256)
where d.id in (select i.document_id from tabular_job_items i where i.started_at is not null)
  and case k.media_type
        when 'text/plain' then d.name !~* '\.(html?|eml)$'
        when 'text/html' then d.name !~* '\.(txt|eml)$'
        when 'message/rfc822' then d.name !~* '\.(txt|html?)$'
        else true end;
insert into reading_pages (document_id, number, text, width, height, hidden)
select r.document_id, p.number, p.text, p.width, p.height, p.hidden
from document_readings r
join documents d on d.id = r.document_id
join document_pages p using (sha256);
reset role;

-- document_contents and document_pages stay for one more release: processes of the last one still use them.
