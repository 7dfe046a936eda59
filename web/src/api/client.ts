/** The connection to the server. Every refusal is thrown as a `Problem`, with a sentence for a person. */
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";
import { BASE } from "./server";

type Schemas = components["schemas"];
export type Review = Schemas["Review"];
export type Column = Schemas["Column"];
export type ColumnInput = Schemas["ColumnInput"];
export type Format = Column["format"];
export type Rule = Column["rules"][number];
export type Job = Schemas["Job"];
export type Only = NonNullable<Schemas["GenerateInput"]["only"]>[number];
export type WindowCell = Omit<Schemas["WindowCell"], "value"> & { value?: unknown };
/** A changed cell. `awaited`: whether the live job will ask it; absent if that has not changed. */
export type CompactCell = CellKey & WindowCell & { awaited?: boolean };
export type FullCell = Schemas["FullCell"];
export type CellChange = Schemas["CellChange"];
export type CellEdit = Schemas["CellEdit"];
export type Me = Schemas["Me"];
export type Citation = Schemas["Citation"];
export type WindowRow = Omit<Schemas["WindowRow"], "cells"> & { cells: Record<string, WindowCell> };
export type GenerateInput = Schemas["GenerateInput"];
export type Document = Schemas["Document"];
type UploadedFile = Schemas["UploadedFile"];
/** A view of the grid: filters in the server's form, and words to search for. */
export type View = { filter: string[]; q: string };
export type Flag = NonNullable<WindowCell["flag"]>;
export type Role = Review["role"];
export type CellKey = { document_id: string; column_id: string };
/** A cell as a person saw it. */
export type SeenCell = Schemas["SeenCell"];
export type Verified = Schemas["Verified"];

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly fields: { field: string; detail: string }[] = [],
  ) {
    super(detail);
  }
}

/** The sentence for a person about anything that was thrown. */
export const sentence = (error: unknown): string =>
  error instanceof Problem
    ? error.detail
    : error instanceof TypeError
      ? "The server cannot be reached."
      : error instanceof Error
        ? error.message
        : String(error);

/** Whether the same request may succeed later: the server is away or overloaded, or a sign-in has ended. */
export const passes = (error: unknown): boolean =>
  error instanceof Problem ? error.status >= 500 || [401, 408, 429].includes(error.status) : error instanceof TypeError;

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

export const client = createClient<paths>({
  baseUrl: location.origin + BASE,
  querySerializer: { array: { style: "form", explode: true } },
});
client.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(authorization())) request.headers.set(name, value);
  },
  async onResponse({ response }) {
    if (!response.ok) throw problemOf(response.status, await response.json().catch(() => null));
  },
});

export function problemOf(status: number, body: unknown): Problem {
  const known = (body ?? {}) as Partial<Schemas["Problem"]>;
  const unknown =
    status === 413
      ? "A proxy between here and the server refuses a request of this size. Its operator can raise the limit."
      : `The server answered ${status}.`;
  const words = known.detail || known.title || unknown;
  return new Problem(status, words, known.errors ?? []);
}

export const originalUrl = (document_id: string) => `${BASE}/api/documents/${document_id}/original`;

export const exportUrl = (
  id: string,
  format: string,
  view: View,
  column_ids: string[] | null,
  document_ids: string[] = [],
): string => {
  const query = new URLSearchParams({ format });
  for (const document of document_ids) query.append("document_ids", document);
  for (const filter of view.filter) query.append("filter", filter);
  if (view.q) query.set("q", view.q);
  for (const column of column_ids ?? []) query.append("column_ids", column);
  return `${BASE}/api/tabular/reviews/${id}/export?${query}`;
};

/** Send files in one request; `onProgress` gets the bytes sent so far. XMLHttpRequest, because fetch does not report
 * them. */
export const uploadDocuments = (
  review_id: string,
  files: { file: File; name: string }[],
  onProgress: (sent: number) => void,
): Promise<UploadedFile[]> =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${BASE}/api/documents?review_id=${review_id}`);
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () =>
      request.status < 300
        ? resolve((request.response as Schemas["Upload"]).files)
        : reject(problemOf(request.status, request.response));
    request.onerror = () => reject(new TypeError("unreachable"));
    const form = new FormData();
    for (const { file, name } of files) form.append("files", file, name);
    request.send(form);
  });
