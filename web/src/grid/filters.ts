/** Filters in the server's form ("COLUMN:OPERATOR:VALUE", or "any:…"), and in words. */
import type { Column, Format } from "../api/client";

export const NUMERIC: Format[] = ["number", "percentage", "monetary_amount"];
export const STATES = {
  failed: "Failed",
  missing: "Not asked yet",
  stale: "Stale",
  outdated: "Outdated",
  doubtful: "Doubtful",
  unchecked: "Not checked by a person",
  checked: "Checked by a person",
  untyped: "Answered in words only",
  valueless: "Without a value",
  unverified: "Unverified quotes",
  edited: "Edited",
  verified: "Verified by a person",
  done: "Answered",
};
type Comparison = { op: string; words: string };
const ORDERED: Comparison[] = [
  { op: "eq", words: "is" },
  { op: "ne", words: "is not" },
  { op: "lt", words: "is less than" },
  { op: "lte", words: "is at most" },
  { op: "gt", words: "is more than" },
  { op: "gte", words: "is at least" },
];
const DATED: Comparison[] = [
  { op: "eq", words: "is" },
  { op: "lt", words: "is before" },
  { op: "lte", words: "is not after" },
  { op: "gt", words: "is after" },
  { op: "gte", words: "is not before" },
];
const EQUAL: Comparison[] = ORDERED.slice(0, 2);
const CONTAINS: Comparison = { op: "contains", words: "contains" };
const OF_ANY: Comparison[] = [
  { op: "flag", words: "has the flag" },
  { op: "state", words: "is in the state" },
];

/** The comparisons that fit the answers of a question. */
export function comparisons(column: Column): Comparison[] {
  if (column.format === "date") return [...DATED, CONTAINS, ...OF_ANY];
  if (NUMERIC.includes(column.format)) return [...ORDERED, CONTAINS, ...OF_ANY];
  if (["yes_no", "tag", "currency"].includes(column.format)) return [...EQUAL, CONTAINS, ...OF_ANY];
  return [CONTAINS, ...EQUAL, ...OF_ANY];
}

const COMPARISONS = new Set([...ORDERED, ...DATED].map(({ op }) => op));

/** Whether a filter compares values, so that it leaves out the rows that have none. */
export const compares = (filter: string): boolean => COMPARISONS.has(filter.split(":")[1] ?? "");

/** A filter in words. */
export function filterWords(filter: string, columns: Column[]): string {
  const [id, op, ...rest] = filter.split(":");
  const value = rest.join(":");
  const column = columns.find((one) => one.id === id);
  const named = column?.name ?? "Any answer";
  if (op === "state") return `${named}: ${STATES[value as keyof typeof STATES] ?? value}`;
  if (op === "flag") return `${named}: ${value.split(",").join(" or ")}`;
  return `${named} ${column ? (comparisons(column).find((one) => one.op === op)?.words ?? op) : op} ${value}`;
}
