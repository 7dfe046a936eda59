import { expect, test } from "vitest";
import type { Column } from "../api/client";
import { searchOf, shownIn } from "./address";
import { compares, filterWords } from "./filters";

const columns = [
  { id: "c1", name: "Agreement date", format: "date" },
  { id: "c2", name: "Fee", format: "monetary_amount" },
] as Column[];

test.each([
  ["c1:gt:2020-01-01", "Agreement date is after 2020-01-01"],
  ["c2:gt:100", "Fee is more than 100"],
  ["c2:contains:a:b", "Fee contains a:b"],
  ["any:state:missing", "Any answer: Not asked yet"],
  ["any:flag:red,yellow", "Any answer: red or yellow"],
])("%s reads as %s", (filter, words) => {
  expect(filterWords(filter, columns)).toBe(words);
});

test("an address leads back to what was shown", () => {
  const shown = { q: "a & b", filter: ["c1:gt:2020", "any:flag:red"], group: "c1", sort: "-c2", row: 0 };
  expect(shownIn(searchOf(shown))).toEqual(shown);
  const nothing = { q: "", filter: [], group: null, sort: null, row: null };
  expect(searchOf(nothing)).toBe("");
  expect(shownIn("")).toEqual(nothing);
});

test("a filter that compares leaves out rows without a value; words, flags and states do not", () => {
  expect(["c:eq:x", "c:lt:2014-01-31", "any:state:done", "c:flag:red", "c:contains:lt:2"].map(compares)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
