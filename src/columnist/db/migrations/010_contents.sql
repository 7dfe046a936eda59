-- What was read of a content, told to people: its language, and which of its pages OCR read, or nobody.

alter table document_contents
  add language text check (language ~ '^[a-z]{2}$'),  -- ISO 639-1; null: too little text to tell, or read before 010
  add ocr_on int[] not null default '{}',             -- page numbers; none where it was read before 010
  add unread_on int[] not null default '{}';

create function language_name(code text) returns text language sql immutable as $$
  select coalesce('{
    "af": "Afrikaans", "am": "Amharic", "an": "Aragonese", "ar": "Arabic", "as": "Assamese", "az": "Azerbaijani",
    "ba": "Bashkir", "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali", "br": "Breton", "bs": "Bosnian",
    "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German", "dz": "Dzongkha", "el": "Greek",
    "en": "English", "eo": "Esperanto", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian",
    "fi": "Finnish", "fo": "Faroese", "fr": "French", "fy": "West Frisian", "ga": "Irish", "gd": "Scottish Gaelic",
    "gl": "Galician", "gu": "Gujarati", "ha": "Hausa", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian",
    "ht": "Haitian Creole", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "ig": "Igbo", "is": "Icelandic",
    "it": "Italian", "ja": "Japanese", "jv": "Javanese", "ka": "Georgian", "kk": "Kazakh", "km": "Khmer",
    "kn": "Kannada", "ko": "Korean", "ku": "Kurdish", "ky": "Kyrgyz", "la": "Latin", "lb": "Luxembourgish",
    "lg": "Ganda", "ln": "Lingala", "lo": "Lao", "lt": "Lithuanian", "lv": "Latvian", "mg": "Malagasy",
    "mk": "Macedonian", "ml": "Malayalam", "mn": "Mongolian", "mr": "Marathi", "ms": "Malay", "mt": "Maltese",
    "my": "Burmese", "ne": "Nepali", "nl": "Dutch", "nn": "Norwegian Nynorsk", "no": "Norwegian", "oc": "Occitan",
    "om": "Oromo", "or": "Odia", "pa": "Punjabi", "pl": "Polish", "ps": "Pashto", "pt": "Portuguese",
    "qu": "Quechua", "ro": "Romanian", "ru": "Russian", "rw": "Kinyarwanda", "sa": "Sanskrit", "se": "Northern Sami",
    "si": "Sinhala", "sk": "Slovak", "sl": "Slovenian", "sn": "Shona", "so": "Somali", "sq": "Albanian",
    "sr": "Serbian", "st": "Southern Sotho", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu",
    "tg": "Tajik", "th": "Thai", "tk": "Turkmen", "tl": "Tagalog", "tr": "Turkish", "tt": "Tatar", "ug": "Uyghur",
    "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese", "vo": "Volapük", "wa": "Walloon",
    "xh": "Xhosa", "yo": "Yoruba", "zh": "Chinese", "zu": "Zulu"}'::jsonb ->> code, code)
$$;

-- 2, 5, 9–31; the first twenty of such a list.
create function page_ranges(numbers int[]) returns text language sql immutable as $$
  select array_to_string((array_agg(range order by first))[1:20], ', ') || case when count(*) > 20 then ', …' else '' end
  from (
    select min(n) as first, concat_ws('–', min(n), nullif(max(n), min(n))) as range
    from (select n, n - row_number() over (order by n) as island from unnest(numbers) n) numbered
    group by island) ranges
$$;

create function count_pages(number int) returns text language sql immutable as $$
  select case number when 1 then '1 page' else to_char(number, 'FM999,999,999') || ' pages' end
$$;

-- One sentence; null while it was not read, or cannot be. The only place that words it.
create function how_read(content document_contents) returns text language sql immutable as $$
  select concat_ws('; ',
    concat_ws(', ',
      case
        when content.media_type = 'application/pdf' then 'PDF'
        when content.media_type like 'image/%' then 'Picture'
        when content.media_type like '%wordprocessingml%' then 'Word document'
        when content.media_type like '%spreadsheetml%' then 'Excel workbook'
        when content.media_type = 'application/rtf' then 'RTF document'
        when content.media_type in ('message/rfc822', 'application/vnd.ms-outlook') then 'E-mail'
        when content.media_type = 'text/html' then 'Web page'
        else 'Text file' end,
      case when has_pages then count_pages(content.page_count) end,
      coalesce(language_name(content.language), 'language unknown'),
      case when not has_pages then
        'read as text' || case when content.page_count > 1
                            then ' and cut into ' || count_pages(content.page_count) else '' end end),
    case when content.ocr_pages > 0 then
      count_pages(content.ocr_pages) || ' read by OCR' || coalesce(' (' || page_ranges(content.ocr_on) || ')', '') end,
    case when content.unread_pages > 0 then
      count_pages(content.unread_pages) || ' not read' || coalesce(' (' || page_ranges(content.unread_on) || ')', '')
      || ', because OCR is not installed where documents are read' end) || '.'
  from (select content.media_type = 'application/pdf' or content.media_type like 'image/%' as has_pages) t
  where content.page_count > 0
$$;

-- ── Contents that may belong to no document: documents/sweep.py looks at them when they have been loose for long ───

create table loose_contents (
  sha256 text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
  since timestamptz not null default now()  -- noted before a file is kept, and when a document of it is deleted
);
create index loose_contents_by_age on loose_contents (since);

insert into loose_contents (sha256)
select k.sha256 from document_contents k
where not exists (select from documents d where d.sha256 = k.sha256);

alter table loose_contents enable row level security;
alter table loose_contents force row level security;
revoke all on loose_contents from public, anon, authenticated;
create policy work on loose_contents to columnist_worker using (true) with check (true);
create policy gate on loose_contents to columnist_gate using (true) with check (true);
grant select, insert, update, delete on loose_contents to columnist_worker;
grant select, insert, update on loose_contents to columnist_gate;

-- Whoever deletes documents, their contents are noted; as the gate, for nobody else may see whose contents there are.
create function note_loose_contents() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.loose_contents (sha256)
  select distinct gone.sha256 from gone order by 1  -- locked in one order
  on conflict (sha256) do update set since = now();
  return null;
end $$;
grant create on schema public to columnist_gate;
alter function note_loose_contents() owner to columnist_gate;
revoke create on schema public from columnist_gate;
create trigger note_loose after delete on documents referencing old table as gone
  for each statement execute function note_loose_contents();
