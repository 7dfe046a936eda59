-- How a content's pages were read: by OCR, or not at all where that is not installed.
alter table document_contents add column ocr_pages int not null default 0;
alter table document_contents add column unread_pages int not null default 0;
