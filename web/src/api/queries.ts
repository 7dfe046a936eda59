/** React Query's hooks for the API, and the queries that several screens share. */
import { queryOptions } from "@tanstack/react-query";
import createHooks from "openapi-react-query";
import { client, type CellKey, type GenerateInput, type Job, type SeenCell, type Verified, type View } from "./client";

export const api = createHooks(client);

const REVIEW = "/api/tabular/reviews/{review_id}";
const review = (review_id: string) => ({ params: { path: { review_id } } });
export const CELL = `${REVIEW}/cells/{document_id}/{column_id}` as const;
export const cellPath = (review_id: string, { document_id, column_id }: CellKey) => ({
  params: { path: { review_id, document_id, column_id } },
});

export const meQuery = api.queryOptions("get", "/api/me", {}, { staleTime: Infinity });
export const reviewQuery = (id: string) => api.queryOptions("get", REVIEW, review(id));
export const columnsQuery = (id: string) => api.queryOptions("get", `${REVIEW}/columns`, review(id));
/** The live job of a review, or else its last one, or null. */
export const latestJobQuery = (review_id: string) =>
  queryOptions({
    queryKey: ["latest job", review_id],
    queryFn: async (): Promise<Job | null> => {
      const { data: active } = await client.GET(`${REVIEW}/active-job`, review(review_id));
      if (active!.job) return active!.job;
      const query = { review_id, limit: 1 };
      return (await client.GET("/api/tabular/jobs", { params: { query } })).data!.jobs[0] ?? null;
    },
  });
export const jobQuery = (job_id: string) =>
  api.queryOptions("get", "/api/tabular/jobs/{job_id}", { params: { path: { job_id } } });
export const rowQuery = (review_id: string, document_id: string) =>
  api.queryOptions("get", `${REVIEW}/rows`, {
    params: { path: { review_id }, query: { document_ids: [document_id] } },
  });
export const cellQuery = (review_id: string, key: CellKey) => api.queryOptions("get", CELL, cellPath(review_id, key));
export const cellHistoryQuery = (review_id: string, key: CellKey) =>
  api.queryOptions("get", `${CELL}/history`, cellPath(review_id, key));
/** How many cells people have checked. */
export const checkedQuery = (review_id: string) => api.queryOptions("get", `${REVIEW}/checked`, review(review_id));
/** How many rows each filter leaves out because they have no value to compare. */
export const uncomparedQuery = (review_id: string, { q, filter }: View) =>
  api.queryOptions("get", `${REVIEW}/rows/uncompared`, {
    params: { path: { review_id }, query: { filter, q: q || undefined } },
  });
export const pageQuery = (document_id: string, number: number) =>
  api.queryOptions(
    "get",
    "/api/documents/{document_id}/pages/{number}",
    { params: { path: { document_id, number } } },
    { staleTime: Infinity },
  );

export async function readRows(review_id: string, { q, filter }: View, sort: string, offset: number, limit: number) {
  const query = { offset, limit, sort, filter, q: q || undefined };
  const { data } = await client.GET(`${REVIEW}/rows`, { params: { path: { review_id }, query } });
  return data!;
}
export async function readGroups(review_id: string, { q, filter }: View, column_id: string) {
  const query = { column_id, filter, q: q || undefined };
  const { data } = await client.GET(`${REVIEW}/rows/groups`, { params: { path: { review_id }, query } });
  return data!.groups;
}
/** The next row from `offset` on that has an unchecked answer in one of the columns, and these answers' columns. */
export async function readNextUnchecked(
  review_id: string,
  { q, filter }: View,
  sort: string,
  offset: number,
  column_ids: string[] | undefined,
) {
  const query = { offset, sort, filter, q: q || undefined, column_ids };
  const { data } = await client.GET(`${REVIEW}/rows/next`, { params: { path: { review_id }, query } });
  return data!.place;
}
/** Most cells in one request. */
const MOST_VERIFIED = 5_000;

/** Verifies cells as a person saw them, or takes that back: the outcome of each request. `dry_run`: only its counts. */
export async function verifyCells(review_id: string, cells: SeenCell[], verified = true, dry_run = false) {
  const outcomes: Verified[] = [];
  for (let from = 0; from < cells.length; from += MOST_VERIFIED) {
    const body = { verified, dry_run, cells: cells.slice(from, from + MOST_VERIFIED) };
    outcomes.push((await client.POST(`${REVIEW}/verify`, { ...review(review_id), body })).data!);
  }
  return outcomes;
}
export async function readCell(review_id: string, key: CellKey) {
  return (await client.GET(CELL, cellPath(review_id, key))).data!;
}
/** The changes of a review since a cursor. */
export async function readChanges(review_id: string, cursor: string | undefined) {
  const query = { cursor, limit: 2000 };
  return (await client.GET(`${REVIEW}/cells`, { params: { path: { review_id }, query } })).data!;
}
export async function generate(review_id: string, body: Partial<GenerateInput>) {
  const header = { "idempotency-key": crypto.randomUUID() };
  const { data } = await client.POST(`${REVIEW}/generate`, { params: { path: { review_id }, header }, body });
  return data!;
}
