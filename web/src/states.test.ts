import { expect, test } from "vitest";
import type { Job, WindowCell, WindowRow } from "./api/client";
import { isAwaited } from "./states";

const row = { open: true } as WindowRow;
const job = (only: Job["only"], column_ids: string[] | null = null) =>
  ({ id: "j1", status: "running", only, column_ids }) as Job;
const cell = (changes: Partial<WindowCell> = {}) =>
  ({ status: "done", job_id: "j0", stale: false, outdated: false, attempt_error: null, ...changes }) as WindowCell;

test.each<[string, WindowCell | undefined, Job["only"], boolean]>([
  ["never asked", undefined, ["missing"], true],
  ["never asked", undefined, ["stale"], false],
  ["cleared", cell({ status: "pending" }), ["missing"], true],
  ["answered", cell(), ["missing", "stale", "failed"], false],
  ["answered", cell(), ["all"], true],
  ["answered by this job", cell({ job_id: "j1" }), ["all"], false],
  ["stale", cell({ stale: true }), ["stale"], true],
  ["outdated", cell({ outdated: true }), ["stale"], false],
  ["outdated", cell({ outdated: true }), ["outdated"], true],
  ["failed", cell({ attempt_error: "gone" }), ["failed"], true],
  ["edited", cell({ edited: true, stale: true }), ["all", "stale"], false],
  ["verified", cell({ verified_by: "ann" }), ["all"], false],
  ["edited, asked again by a person", cell({ edited: true }), ["again"], true],
])("a cell that is %s (%#) is awaited or not", (_, one, only, awaited) => {
  expect(isAwaited(one, row, "law", job(only))).toBe(awaited);
});

test("nothing is awaited of a closed row, another question, or a job that has ended", () => {
  expect(isAwaited(undefined, { open: false } as WindowRow, "law", job(["missing"]))).toBe(false);
  expect(isAwaited(undefined, row, "law", job(["missing"], ["date"]))).toBe(false);
  expect(isAwaited(undefined, row, "law", { ...job(["missing"]), status: "completed" })).toBe(false);
  expect(isAwaited(undefined, row, "law", null)).toBe(false);
});
