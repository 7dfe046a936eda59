/** A document at the place of a quote: a PDF drawn by pdf.js, a picture's or a text's pages; the quote is marked in each. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef } from "react";
import { getDocument, getPage, sentence, type Citation } from "../api/client";
import { ErrorText, Loading } from "../ui/basics";
import { PicturePages } from "./PicturePages";

const PdfPages = lazy(() => import("./PdfPages"));
const SOON_READ = 3_000; // ms

export function Viewer({ documentId, citation }: { documentId: string; citation: Citation | null }) {
  const document = useQuery({
    queryKey: ["document", documentId],
    queryFn: () => getDocument(documentId),
    staleTime: 60_000,
    refetchInterval: ({ state: { data } }) => data && !data.page_count && !data.error && SOON_READ,
  });
  if (document.error) return <ErrorText>{sentence(document.error)}</ErrorText>;
  if (!document.data) return <Loading what="Opening the document" />;
  const { media_type, page_count, unread_pages, how_read, error, name } = document.data;
  if (error)
    return (
      <div className="viewer">
        <ErrorText>{error}</ErrorText>
      </div>
    );
  if (!page_count)
    return (
      <div className="viewer muted">This document has not been read yet. It is read when it is first asked about.</div>
    );
  return (
    <div className="viewing">
      <p className={unread_pages ? "how-read unread" : "how-read"}>{how_read}</p>
      <div className="viewer" role="region" aria-label={`Document ${name}`} tabIndex={0}>
        {media_type === "application/pdf" ? (
          <Suspense fallback={<Loading what="Loading the PDF viewer" />}>
            <PdfPages key={documentId} documentId={documentId} citation={citation} />
          </Suspense>
        ) : media_type?.startsWith("image/") ? (
          <PicturePages key={documentId} documentId={documentId} pages={page_count} citation={citation} />
        ) : (
          Array.from({ length: page_count }, (_, nr) => (
            <TextPage key={nr + 1} documentId={documentId} number={nr + 1} citation={citation} many={page_count > 1} />
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
  const page = useQuery({
    queryKey: ["page", documentId, number],
    queryFn: () => getPage(documentId, number),
    staleTime: Infinity,
  });
  const mark = useRef<HTMLElement>(null);
  const text = page.data?.text;
  useEffect(() => {
    mark.current?.scrollIntoView({ block: "center" });
  }, [citation, text]);
  if (page.error) return <ErrorText>{sentence(page.error)}</ErrorText>;
  if (text === undefined) return <div className="text-page" />;
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
    <section className="text-page" aria-label={many ? `Page ${number}` : "Text"}>
      {many && <div className="page-number">{number}</div>}
      {parts}
    </section>
  );
}
