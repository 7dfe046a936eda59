/** One document beside all of its answers. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { getReview, getRow, listColumns, sentence } from "../api/client";
import { Answer } from "../evidence/Answer";
import { Viewer, type Citation } from "../evidence/Viewer";
import { ErrorText, FlagDot, Loading } from "../ui/basics";

export default function DocumentScreen({ id, documentId }: { id: string; documentId: string }) {
  const queries = useQueryClient();
  const review = useQuery({ queryKey: ["review", id], queryFn: () => getReview(id) });
  const columns = useQuery({ queryKey: ["columns", id], queryFn: () => listColumns(id) });
  const row = useQuery({
    queryKey: ["row", id, documentId],
    queryFn: () => getRow(id, documentId),
    refetchInterval: 5_000,
  });
  const [open, setOpen] = useState<string | null>(null);
  const [citation, setCitation] = useState<Citation | null>(null);
  const error = review.error ?? columns.error ?? row.error;
  if (error)
    return (
      <main className="empty" id="main">
        <ErrorText>{sentence(error)}</ErrorText>
        <Link href="/">All reviews</Link>
      </main>
    );
  if (!review.data || !columns.data || row.isPending) return <Loading what="Opening the document" />;
  if (!row.data)
    return (
      <main className="empty" id="main">
        <h1>This document is not in the review</h1>
        <Link href={`/reviews/${id}`}>Back to the grid</Link>
      </main>
    );
  const { cells } = row.data;
  return (
    <main className="document-screen" id="main">
      <section className="answers" aria-label="Answers">
        <p>
          <Link href={`/reviews/${id}`}>← {review.data.name}</Link>
        </p>
        <h1>{row.data.document}</h1>
        <ErrorText>{row.data.error}</ErrorText>
        <ul>
          {columns.data.columns.map((column) => {
            const cell = cells[column.id];
            const shown = open === column.id;
            return (
              <li key={column.id}>
                <button
                  className="answer-head"
                  aria-expanded={shown}
                  onClick={() => {
                    setOpen(shown ? null : column.id);
                    setCitation(null);
                  }}
                >
                  <b>{column.name}</b>
                  {!shown && (
                    <span className={cell?.error ? "failed" : ""}>
                      <FlagDot flag={cell?.flag} /> {cell?.summary ?? cell?.error ?? "Not asked yet"}
                    </span>
                  )}
                </button>
                {shown && (
                  <Answer
                    review={id}
                    cell={{ document_id: documentId, column_id: column.id }}
                    column={column}
                    mayEdit={review.data.role !== "viewer"}
                    chosen={citation}
                    onChoose={setCitation}
                    onChanged={() => queries.invalidateQueries({ queryKey: ["row", id, documentId] })}
                    onStarted={() => queries.invalidateQueries({ queryKey: ["active-job", id] })}
                  />
                )}
              </li>
            );
          })}
        </ul>
      </section>
      <Viewer documentId={documentId} citation={citation} />
    </main>
  );
}
