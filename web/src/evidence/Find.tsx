/** Find in a document: the typed words, and the place that is shown. */
import { useEffect, useRef, useState } from "react";
import type { Citation } from "../api/client";
import { api } from "../api/queries";
import { ErrorOf } from "../ui/parts";
import styles from "./Find.module.css";

const TYPING_MS = 250;

type Search = { words: string; at: number; of: string; since: Citation | null };

/** The field above a document, and the place to mark in it: none once another quote or document was chosen. */
export function useFind(documentId: string, citation: Citation | null) {
  const [search, setSearch] = useState<Search>({ words: "", at: 0, of: documentId, since: null });
  const [asked, setAsked] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const q = asked.trim();
  const found = api.useQuery(
    "get",
    "/api/documents/{document_id}/find",
    { params: { path: { document_id: documentId }, query: { q } } },
    { enabled: q !== "", staleTime: 60_000 },
  );
  useEffect(() => {
    const timer = setTimeout(() => setAsked(search.words), TYPING_MS);
    return () => clearTimeout(timer);
  }, [search.words]);
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      if (event.key !== "f" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      if (document.activeElement === field.current) return; // a second time opens the browser's own search
      event.preventDefault();
      field.current?.select();
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  }, []);
  const places = (q && found.data?.places) || [];
  const at = places.length ? ((search.at % places.length) + places.length) % places.length : 0;
  const step = (by: number) => setSearch({ ...search, at: at + by, of: documentId, since: citation });
  const state = !q || found.isPending ? "" : places.length ? `${at + 1} of ${places.length}` : "Not found";
  return {
    place: search.of === documentId && search.since === citation ? (places[at] ?? null) : null,
    bar: (
      <div className={styles.find} role="search" aria-label="This document">
        <input
          ref={field}
          type="search"
          aria-label="Find in this document"
          title="Ctrl+F"
          placeholder="Find in this document"
          maxLength={200}
          value={search.words}
          onChange={(event) => setSearch({ words: event.target.value, at: 0, of: documentId, since: citation })}
          onKeyDown={(event) => {
            if (event.key === "Escape" && search.words) {
              event.stopPropagation(); // the panel stays open
              setSearch({ ...search, words: "" });
              setAsked("");
            }
            if (event.key !== "Enter") return;
            if (asked === search.words) step(event.shiftKey ? -1 : 1);
            else setAsked(search.words);
          }}
        />
        <output>{found.data?.more && places.length ? `${state} and more` : state}</output>
        <button className="icon" aria-label="Previous place" disabled={!places.length} onClick={() => step(-1)}>
          ↑
        </button>
        <button className="icon" aria-label="Next place" disabled={!places.length} onClick={() => step(1)}>
          ↓
        </button>
        {found.error ? <ErrorOf error={found.error} /> : null}
      </div>
    ),
  };
}
