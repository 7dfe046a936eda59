/** Every function that speaks to the server. Each throws a `Problem`, which has a sentence for a person. */
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Review = Schemas["Review"];
export type Column = Schemas["Column"];
export type ColumnInput = Schemas["ColumnInput"];
export type Format = Column["format"];
export type Rule = Column["rules"][number];
export type Job = Schemas["Job"];
export type Only = Job["only"][number];
export type Cell = Omit<Schemas["WindowCell"], "value"> & { value?: unknown };
export type CompactCell = CellKey & Cell;
export type FullCell = Schemas["FullCell"];
export type Me = Schemas["Me"];
export type Citation = Schemas["Citation"];
export type Row = Omit<Schemas["WindowRow"], "cells"> & { cells: Record<string, Cell> };
export type Document = Schemas["Document"];
export type UploadedFile = Schemas["UploadedFile"];
export type Flag = NonNullable<Cell["flag"]>;
export type Role = Review["role"];
export type CellKey = { document_id: string; column_id: string };
export type View = { filter: string[]; q: string };

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly fields: { field: string; detail: string }[] = [],
    readonly kind = "",
  ) {
    super(detail);
  }
}

/** What a person is to read of anything that was thrown. */
export const sentence = (error: unknown): string =>
  error instanceof Problem
    ? error.detail
    : error instanceof TypeError
      ? "The server cannot be reached just now."
      : error instanceof Error
        ? error.message
        : String(error);

const TOKEN = "columnist.token";
export const token = {
  get: () => localStorage.getItem(TOKEN),
  set: (value: string) => localStorage.setItem(TOKEN, value),
  clear: () => localStorage.removeItem(TOKEN),
};
export const authorization = (): Record<string, string> => {
  const value = token.get();
  return value ? { Authorization: `Bearer ${value}` } : {};
};

const client = createClient<paths>({
  baseUrl: location.origin,
  querySerializer: { array: { style: "form", explode: true } },
});
client.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(authorization())) request.headers.set(name, value);
  },
});

export function problemOf(status: number, body: unknown): Problem {
  const known = (body ?? {}) as {
    detail?: string;
    title?: string;
    type?: string;
    errors?: { field: string; detail: string }[];
  };
  const words = known.detail || known.title || `The server answered ${status}.`;
  return new Problem(status, words, known.errors, known.type?.split(":").pop());
}

async function data<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw problemOf(response.status, error);
  return data as T;
}

const review = (review_id: string) => ({ path: { review_id } });
const cell = (review_id: string, key: CellKey) => ({ path: { review_id, ...key } });

export const getMe = () => data(client.GET("/api/me"));

// ── Reviews, columns, documents, people ──
export const listReviews = (q: string, offset: number, limit: number) =>
  data(client.GET("/api/tabular/reviews", { params: { query: { q: q || undefined, offset, limit } } }));
export const getReview = (id: string) => data(client.GET("/api/tabular/reviews/{review_id}", { params: review(id) }));
export const createReview = (name: string) =>
  data(client.POST("/api/tabular/reviews", { body: { name, columns: [], document_ids: [] } }));
export const renameReview = (id: string, name: string) =>
  data(client.PATCH("/api/tabular/reviews/{review_id}", { params: review(id), body: { name } }));
export const deleteReview = (id: string) =>
  data(client.DELETE("/api/tabular/reviews/{review_id}", { params: { ...review(id), query: { confirm: true } } }));
export const getReviewHistory = (id: string) =>
  data(client.GET("/api/tabular/reviews/{review_id}/history", { params: review(id) }));

export const listColumns = (id: string) =>
  data(client.GET("/api/tabular/reviews/{review_id}/columns", { params: review(id) }));
export const addColumns = (id: string, columns: ColumnInput[]) =>
  data(client.POST("/api/tabular/reviews/{review_id}/columns", { params: review(id), body: { columns } }));
export const editColumn = (id: string, column_id: string, body: ColumnInput) =>
  data(
    client.PUT("/api/tabular/reviews/{review_id}/columns/{column_id}", {
      params: { path: { review_id: id, column_id } },
      body,
    }),
  );
export const removeColumn = (id: string, column_id: string) =>
  data(
    client.DELETE("/api/tabular/reviews/{review_id}/columns/{column_id}", {
      params: { path: { review_id: id, column_id }, query: { confirm: true } },
    }),
  );
export const orderColumns = (id: string, column_ids: string[]) =>
  data(client.PUT("/api/tabular/reviews/{review_id}/columns/order", { params: review(id), body: { column_ids } }));
export const listTemplates = () => data(client.GET("/api/tabular/templates"));
export const createTemplate = (name: string, columns: ColumnInput[]) =>
  data(client.POST("/api/tabular/templates", { body: { name, columns } }));
export const suggestPrompt = (name: string, format: Format | undefined) =>
  data(client.POST("/api/tabular/columns/suggest-prompt", { body: { name, format } }));

export const getDocument = (document_id: string) =>
  data(client.GET("/api/documents/{document_id}", { params: { path: { document_id } } }));
export const getPage = (document_id: string, number: number) =>
  data(client.GET("/api/documents/{document_id}/pages/{number}", { params: { path: { document_id, number } } }));
export const getPageImage = (document_id: string, number: number, width: number) =>
  data<Blob>(
    client.GET("/api/documents/{document_id}/pages/{number}/image", {
      params: { path: { document_id, number }, query: { width } },
      parseAs: "blob",
    }),
  );
export const originalUrl = (document_id: string) => `/api/documents/${document_id}/original`;
export const removeDocuments = (id: string, document_ids: string[]) =>
  data(
    client.POST("/api/tabular/reviews/{review_id}/documents/remove", {
      params: { ...review(id), query: { confirm: true } },
      body: { document_ids },
    }),
  );

export const listMembers = (id: string) =>
  data(client.GET("/api/tabular/reviews/{review_id}/members", { params: review(id) }));
export const putMember = (id: string, email: string, role: Role) =>
  data(
    client.PUT("/api/tabular/reviews/{review_id}/members/{email}", {
      params: { path: { review_id: id, email } },
      body: { role },
    }),
  );
export const removeMember = (id: string, email: string) =>
  data(
    client.DELETE("/api/tabular/reviews/{review_id}/members/{email}", { params: { path: { review_id: id, email } } }),
  );

// ── The job ──
export type Asked = { only?: Only[]; document_ids?: string[]; column_ids?: string[]; budget?: number };
export const startTabularGenerate = (id: string, asked: Asked) =>
  data(
    client.POST("/api/tabular/reviews/{review_id}/generate", {
      params: { ...review(id), header: { "idempotency-key": crypto.randomUUID() } },
      body: asked as Schemas["GenerateInput"],
    }),
  );
export const estimateTabularGenerate = (id: string, asked: Asked) =>
  data(
    client.POST("/api/tabular/reviews/{review_id}/estimate", {
      params: review(id),
      body: asked as Schemas["GenerateInput"],
    }),
  );
export const getTabularJob = (job_id: string) =>
  data(client.GET("/api/tabular/jobs/{job_id}", { params: { path: { job_id } } }));
export const getTabularJobCells = (job_id: string, cursor: string) =>
  data(
    client.GET("/api/tabular/jobs/{job_id}/cells", { params: { path: { job_id }, query: { cursor, limit: 2000 } } }),
  );
export const cancelTabularJob = (job_id: string) =>
  data(client.POST("/api/tabular/jobs/{job_id}/cancel", { params: { path: { job_id } } }));
export const resumeTabularJob = (job_id: string, budget: number | null) =>
  data(client.POST("/api/tabular/jobs/{job_id}/resume", { params: { path: { job_id } }, body: { budget } }));
export const getActiveTabularJob = (id: string) =>
  data(client.GET("/api/tabular/reviews/{review_id}/active-job", { params: review(id) }));
export const listTabularJobs = (review_id: string) =>
  data(client.GET("/api/tabular/jobs", { params: { query: { review_id, limit: 1 } } }));
export const getReviewCells = (id: string, cursor: string) =>
  data(
    client.GET("/api/tabular/reviews/{review_id}/cells", { params: { ...review(id), query: { cursor, limit: 2000 } } }),
  );

// ── The grid ──
export const getRows = (id: string, view: View, sort: string, offset: number, limit: number) =>
  data(
    client.GET("/api/tabular/reviews/{review_id}/rows", {
      params: { ...review(id), query: { offset, limit, sort, filter: view.filter, q: view.q || undefined } },
    }),
  );
export const getRow = async (id: string, document_id: string): Promise<Row | undefined> =>
  (
    await data(
      client.GET("/api/tabular/reviews/{review_id}/rows", {
        params: { ...review(id), query: { document_ids: [document_id] } },
      }),
    )
  ).rows[0];
export const getRowGroups = (id: string, view: View, column_id: string) =>
  data(
    client.GET("/api/tabular/reviews/{review_id}/rows/groups", {
      params: { ...review(id), query: { column_id, filter: view.filter, q: view.q || undefined } },
    }),
  );

const CELL = "/api/tabular/reviews/{review_id}/cells/{document_id}/{column_id}";
export const getCell = (id: string, key: CellKey) => data(client.GET(CELL, { params: cell(id, key) }));
export const editCell = (
  id: string,
  key: CellKey,
  body: { summary?: string; flag?: Flag; reasoning?: string; updated_at?: string | null },
) => data(client.PATCH(CELL, { params: cell(id, key), body }));
export const verifyCell = (id: string, key: CellKey, body: { verified: boolean; updated_at?: string | null }) =>
  data(client.POST(`${CELL}/verify`, { params: cell(id, key), body }));
export const clearCell = (id: string, key: CellKey) => data(client.DELETE(CELL, { params: cell(id, key) }));
export const restoreCell = (id: string, key: CellKey) =>
  data(client.POST(`${CELL}/restore`, { params: cell(id, key) }));
export const regenerateCell = (id: string, key: CellKey) =>
  data(client.POST(`${CELL}/regenerate`, { params: cell(id, key) }));
export const getCellHistory = (id: string, key: CellKey) =>
  data(client.GET(`${CELL}/history`, { params: cell(id, key) }));

export const exportUrl = (id: string, format: string, view: View, column_ids: string[] | null): string => {
  const query = new URLSearchParams({ format });
  for (const filter of view.filter) query.append("filter", filter);
  if (view.q) query.set("q", view.q);
  for (const column of column_ids ?? []) query.append("column_ids", column);
  return `/api/tabular/reviews/${id}/export?${query}`;
};

/** Send files as one request; `onProgress` is told the bytes sent. fetch cannot tell them, so this is XMLHttpRequest. */
export const uploadDocuments = (
  review_id: string,
  files: { file: File; path: string }[],
  onProgress: (sent: number) => void,
): Promise<UploadedFile[]> =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/documents?review_id=${review_id}`);
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () =>
      request.status < 300 ? resolve(request.response.files) : reject(problemOf(request.status, request.response));
    request.onerror = () => reject(new TypeError("unreachable"));
    const form = new FormData();
    for (const { file, path } of files) form.append("files", file, path);
    request.send(form);
  });
