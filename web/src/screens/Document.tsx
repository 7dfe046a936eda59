/** One document beside all of its answers. */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { getReview, getRow, getRows, listColumns, sentence, type Citation } from "../api/client";
import { Answer } from "../evidence/Answer";
import { Viewer } from "../evidence/Viewer";
import { searchOf, shownIn } from "../grid/shown";
import { isAwaited, useJob } from "../live";
import { useMe } from "../me";
import { ErrorText, FlagDot, Loading, useTitle } from "../ui/basics";

/** Addresses of the documents before and after this one, in the order that the grid showed, where there is one. */
function useNeighbours(id: string, documentId: string) {
  const shown = shownIn(useSearch());
  const { q, filter, sort, group, row } = shown;
  const around = useQuery({
    queryKey: ["rows around", id, q, filter, sort, row],
    queryFn: async () => {
      const first = Math.max(0, row! - 2);
      return { first, rows: (await getRows(id, { q, filter }, sort ?? "position", first, row! - first + 3)).rows };
    },
    enabled: row !== null && group === null, // among groups, a row's place is not the server's
    placeholderData: keepPreviousData, // two rows each way: after a step, the next one is known without waiting
  });
  const { first, rows } = around.data ?? { first: 0, rows: [] };
  const at = rows.findIndex((one) => one.document_id === documentId);
  const neighbour = (step: number) => {
    const one = at < 0 ? undefined : rows[at + step];
    return one ? `/reviews/${id}/documents/${one.document_id}${searchOf({ ...shown, row: first + at + step })}` : null;
  };
  return { known: around.isEnabled, previous: neighbour(-1), next: neighbour(1) };
}

export default function DocumentScreen({ id, documentId }: { id: string; documentId: string }) {
  const [, go] = useLocation();
  const search = useSearch();
  const queries = useQueryClient();
  const review = useQuery({ queryKey: ["review", id], queryFn: () => getReview(id) });
  const columns = useQuery({ queryKey: ["columns", id], queryFn: () => listColumns(id) });
  const row = useQuery({
    queryKey: ["row", id, documentId],
    queryFn: () => getRow(id, documentId),
    refetchInterval: 5_000,
  });
  const job = useJob(id, useMe().poll_ms) ?? null;
  const [open, setOpen] = useState<string | null>(null);
  const [citation, setCitation] = useState<Citation | null>(null);
  const { known, previous, next } = useNeighbours(id, documentId);
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      const to = event.altKey && { ArrowUp: previous, ArrowDown: next }[event.key];
      if (!to) return;
      event.preventDefault();
      go(to, { replace: true });
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  }, [previous, next]);
  useEffect(() => setCitation(null), [documentId]);
  useTitle(row.data?.document);
  const back = `/reviews/${id}${search && `?${search}`}`;
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
        <Link href={back}>Back to the grid</Link>
      </main>
    );
  const { cells } = row.data;
  return (
    <main className="document-screen" id="main">
      <section className="answers" aria-label="Answers">
        <nav className="row" aria-label="Documents">
          <Link href={back}>← {review.data.name}</Link>
          {known && (
            <span>
              <button
                className="icon"
                aria-label="Previous document"
                title="Alt+↑"
                disabled={!previous}
                onClick={() => go(previous!, { replace: true })}
              >
                ↑
              </button>
              <button
                className="icon"
                aria-label="Next document"
                title="Alt+↓"
                disabled={!next}
                onClick={() => go(next!, { replace: true })}
              >
                ↓
              </button>
            </span>
          )}
        </nav>
        <h1>{row.data.document}</h1>
        {row.data.path !== row.data.document && <p className="muted">{row.data.path}</p>}
        <ErrorText>{row.data.error}</ErrorText>
        <ul>
          {columns.data.columns.map((column) => {
            const cell = cells[column.id];
            const shown = open === column.id;
            const unanswered = isAwaited(cell, row.data!, column.id, job) ? "Being answered …" : "Not asked yet";
            return (
              <li key={column.id}>
                <h2>
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
                      <span className={cell?.error ? "failed" : cell?.summary ? "" : "muted"}>
                        <FlagDot flag={cell?.flag} /> {cell?.summary ?? cell?.error ?? unanswered}
                      </span>
                    )}
                  </button>
                </h2>
                {shown && (
                  <Answer
                    review={id}
                    cell={{ document_id: documentId, column_id: column.id }}
                    column={column}
                    job={job}
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
