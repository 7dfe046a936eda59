/** What a grid shows stands in the address: it is there after a reload, on the way back, and in a link. */
import { useLocation, useSearch } from "wouter";
import type { View } from "../api/client";

/** `group`: a column's id; `sort`: as the server has it; `row`: where one was who left for a document. */
export type Shown = View & { group: string | null; sort: string | null; row: number | null };

/** The sort that is no column's. */
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

/** With the question mark, unless there is nothing to say. */
export function searchOf({ q, filter, group, sort, row }: Shown): string {
  const given = new URLSearchParams(filter.map((one) => ["filter", one]));
  for (const [name, value] of Object.entries({ q, group, sort, row }))
    if (value !== null && value !== "") given.set(name, String(value));
  return given.size ? `?${given}` : "";
}

export function useShown(): [Shown, (change: Partial<Shown>) => void] {
  const [path, go] = useLocation();
  const shown = shownIn(useSearch());
  return [shown, (change) => go(path + searchOf({ ...shown, row: null, ...change }), { replace: true })];
}
