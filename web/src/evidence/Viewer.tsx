/** A document at the place of a quote, which is marked: a PDF drawn by pdf.js, or the pages of a picture or a text. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef } from "react";
import { originalUrl, type Citation } from "../api/client";
import { api, pageQuery } from "../api/queries";
import { download } from "../ui/download";
import { useNotices } from "../ui/notices";
import { ErrorOf, ErrorText, Loading } from "../ui/parts";
import { useFind } from "./Find";
import { PicturePages } from "./PicturePages";
import paper from "./Paper.module.css";
import styles from "./Viewer.module.css";

const PdfPages = lazy(() => import("./PdfPages"));
const SOON_READ_MS = 3_000;

export function Viewer({ documentId, citation: chosen }: { documentId: string; citation: Citation | null }) {
  const { fail } = useNotices();
  const { bar, place } = useFind(documentId, chosen);
  const citation = place ?? chosen;
  const document = api.useQuery(
    "get",
    "/api/documents/{document_id}",
    { params: { path: { document_id: documentId } } },
    {
      staleTime: 60_000,
      refetchInterval: ({ state: { data } }) => data && !data.page_count && !data.error && SOON_READ_MS,
    },
  );
  if (document.error) return <ErrorOf error={document.error} />;
  if (!document.data) return <Loading what="Opening the document" />;
  const { media_type, page_count, unread_pages, remarks, how_read, error, name } = document.data;
  if (error)
    return (
      <div className={styles.viewer}>
        <ErrorText>{error}</ErrorText>
      </div>
    );
  if (!page_count)
    return <div className={`${styles.viewer} muted`}>This document has not been read yet. Its first run reads it.</div>;
  return (
    <div className={styles.viewing}>
      <div className={styles.head}>
        <p className={unread_pages || remarks.length ? `${styles.howRead} ${styles.unread}` : styles.howRead}>
          {how_read}
        </p>
        <button className={styles.original} onClick={() => void download(originalUrl(documentId), fail)}>
          Download the original
        </button>
      </div>
      {bar}
      <div className={styles.viewer} role="region" aria-label={`Document ${name}`} tabIndex={0}>
        {media_type === "application/pdf" ? (
          <Suspense fallback={<Loading what="Loading the PDF viewer" />}>
            <PdfPages key={documentId} documentId={documentId} citation={citation} />
          </Suspense>
        ) : media_type?.startsWith("image/") ? (
          <PicturePages key={documentId} documentId={documentId} pages={page_count} citation={citation} />
        ) : (
          Array.from({ length: page_count }, (_, index) => (
            <TextPage
              key={index}
              documentId={documentId}
              number={index + 1}
              citation={citation}
              many={page_count > 1}
            />
          ))
        )}
      </div>
    </div>
  );
}

function TextPage({
  documentId,
  number,
  citation,
  many,
}: {
  documentId: string;
  number: number;
  citation: Citation | null;
  many: boolean;
}) {
  const page = useQuery(pageQuery(documentId, number));
  const mark = useRef<HTMLElement>(null);
  const text = page.data?.text;
  useEffect(() => {
    mark.current?.scrollIntoView({ block: "center" });
  }, [citation, text]);
  if (page.error) return <ErrorOf error={page.error} />;
  if (text === undefined) return <div className={styles.textPage} />;
  const parts: React.ReactNode[] = [];
  let at = 0;
  let first = true;
  for (const { start, end } of (citation?.spans ?? [])
    .filter((span) => span.page === number)
    .sort((a, b) => a.start - b.start)) {
    parts.push(
      text.slice(at, start),
      <mark key={start} ref={first ? mark : undefined}>
        {text.slice(start, end)}
      </mark>,
    );
    first = false;
    at = end;
  }
  parts.push(text.slice(at));
  return (
    <section className={styles.textPage} aria-label={many ? `Page ${number}` : "Text"}>
      {many && <div className={paper.number}>{number}</div>}
      {parts}
    </section>
  );
}
