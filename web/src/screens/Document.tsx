/** One document beside all of its answers. */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { type Citation } from "../api/client";
import { columnsQuery, latestJobQuery, readRows, reviewQuery, rowQuery } from "../api/queries";
import { Answer } from "../evidence/Answer";
import { Viewer } from "../evidence/Viewer";
import { searchOf, shownIn } from "../grid/address";
import { useJob } from "../live";
import { isMeasured, useMe } from "../me";
import { ErrorOf, ErrorText, FlagDot, Loading, useTitle } from "../ui/parts";
import { count } from "../ui/words";
import parts from "../ui/parts.module.css";
import styles from "./Document.module.css";

const REFRESH_MS = 5_000;

/** Addresses of the documents before and after this one, in the grid's order. */
function useNeighbours(id: string, documentId: string) {
  const shown = shownIn(useSearch());
  const { q, filter, sort, group, row } = shown;
  const around = useQuery({
    queryKey: ["rows around", id, q, filter, sort, row],
    queryFn: async () => {
      const first = Math.max(0, row! - 2);
      return { first, rows: (await readRows(id, { q, filter }, sort ?? "position", first, row! - first + 3)).rows };
    },
    enabled: row !== null && group === null, // among groups, the place of a row differs from the server's
    placeholderData: keepPreviousData, // two rows in each direction: after a step, the next one is known without waiting
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
  const review = useQuery(reviewQuery(id));
  const columns = useQuery(columnsQuery(id));
  const row = useQuery({ ...rowQuery(id, documentId), refetchInterval: REFRESH_MS });
  const shownRow = row.data?.rows[0];
  const me = useMe();
  const job = useJob(id, me.poll_ms) ?? null;
  const [open, setOpen] = useState<string | null>(null);
  const [chosen, setChosen] = useState<{ of: string; citation: Citation | null }>();
  const citation = chosen?.of === documentId ? chosen.citation : null;
  const setCitation = (citation: Citation | null) => setChosen({ of: documentId, citation });
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
  }, [go, previous, next]);
  useTitle(shownRow?.document);
  const back = `/reviews/${id}${search && `?${search}`}`;
  const error = review.error ?? columns.error ?? row.error;
  if (error)
    return (
      <main className={parts.empty} id="main">
        <ErrorOf error={error} />
        <Link href="/">All reviews</Link>
      </main>
    );
  if (!review.data || !columns.data || row.isPending) return <Loading what="Opening the document" />;
  if (!shownRow)
    return (
      <main className={parts.empty} id="main">
        <h1>This document is not in the review</h1>
        <Link href={back}>Back to the grid</Link>
      </main>
    );
  const { cells } = shownRow;
  return (
    <main className={styles.screen} id="main" data-fixed>
      <section className={styles.answers} aria-label="Answers">
        <nav className={parts.row} aria-label="Documents">
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
        <h1>{shownRow.document}</h1>
        {shownRow.path !== shownRow.document && <p className="muted">{shownRow.path}</p>}
        <ErrorText>{shownRow.error}</ErrorText>
        <p className="muted">
          {columns.data.columns.filter(({ id }) => cells[id]?.checked).length} of{" "}
          {count(columns.data.columns.length, "answer")} checked
        </p>
        <ul>
          {columns.data.columns.map((column) => {
            const cell = cells[column.id];
            const shown = open === column.id;
            const unanswered = shownRow.awaited.includes(column.id) ? "Being answered …" : "Not asked yet";
            return (
              <li key={column.id}>
                <h2>
                  <button
                    className={styles.answerHead}
                    aria-expanded={shown}
                    onClick={() => {
                      setOpen(shown ? null : column.id);
                      setCitation(null);
                    }}
                  >
                    <b>{column.name}</b>
                    {!shown && (
                      <span className={cell?.error ? "failed" : cell?.summary ? "" : "muted"}>
                        <FlagDot
                          flag={cell?.flag}
                          unproven={!isMeasured(me, me.model) && !cell?.edited && !cell?.verified_by}
                        />{" "}
                        {cell?.summary ?? cell?.error ?? unanswered}
                        {cell?.checked && <span title="Checked by a person"> ✔</span>}
                      </span>
                    )}
                  </button>
                </h2>
                {shown && (
                  <div className={styles.full}>
                    <Answer
                      key={documentId}
                      review={id}
                      cell={{ document_id: documentId, column_id: column.id }}
                      column={column}
                      job={job}
                      mayEdit={review.data.role !== "viewer"}
                      chosen={citation}
                      onChoose={setCitation}
                      onChanged={() => void queries.invalidateQueries(rowQuery(id, documentId))}
                      onStarted={() => void queries.invalidateQueries(latestJobQuery(id))}
                    />
                  </div>
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
