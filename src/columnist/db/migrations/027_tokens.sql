-- What a document's text costs to send, counted when it is read. Null: it was read before this.
alter table document_contents
  add tokens bigint,                     -- estimated (documents/tokens.py)
  add page_bytes int[];                  -- of UTF-8
