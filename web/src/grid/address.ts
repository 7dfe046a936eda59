/** The view of a grid is in the address: it survives a reload, the back button and a link. */
import { useLocation, useSearch } from "wouter";
import type { CellKey, View } from "../api/client";

/** `group`: a column's id; `sort`: in the server's form; `row`: the row from which the person went to a document. */
type Shown = View & { group: string | null; sort: string | null; row: number | null };

/** The sort that belongs to no column. */
export const DOUBTFUL_FIRST = "-doubt";

export function shownIn(search: string): Shown {
  const given = new URLSearchParams(search);
  const row = given.get("row");
  return {
    q: given.get("q") ?? "",
    filter: given.getAll("filter"),
    group: given.get("group"),
    sort: given.get("sort"),
    row: row === null ? null : Number(row) || 0,
  };
}

/** With the question mark, unless it is empty. */
export function searchOf({ q, filter, group, sort, row }: Shown): string {
  const given = new URLSearchParams(filter.map((one) => ["filter", one]));
  for (const [name, value] of Object.entries({ q, group, sort, row }))
    if (value !== null && value !== "") given.set(name, String(value));
  return given.size ? `?${given}` : "";
}

/** The path of this view with an answer open in it. */
export const linkTo = (review: string, shown: Shown, { document_id, column_id }: CellKey) => {
  const search = searchOf(shown);
  return `/reviews/${review}${search ? `${search}&` : "?"}cell=${document_id}:${column_id}`;
};

/** The answer that an address opens. */
export function linkedIn(search: string): CellKey | null {
  const [document_id, column_id] = new URLSearchParams(search).get("cell")?.split(":") ?? [];
  return document_id && column_id ? { document_id, column_id } : null;
}

export function useShown(): [Shown, (change: Partial<Shown>) => void] {
  const [path, go] = useLocation();
  const shown = shownIn(useSearch());
  return [shown, (change) => go(path + searchOf({ ...shown, row: null, ...change }), { replace: true })];
}
