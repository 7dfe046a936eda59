import { expect, test } from "vitest";
import type { Format, WindowCell } from "../api/client";
import { appearance } from "./appearance";

const done: WindowCell = {
  status: "done",
  summary: "Delaware",
  value: "Delaware",
  flag: "green",
  verified: true,
  error: null,
  attempt_error: null,
  stale: false,
  outdated: false,
  edited: false,
  verified_by: null,
  job_id: null,
};
const look = (changes: Partial<WindowCell> = {}, awaited = false) =>
  appearance({ ...done, ...changes }, "text", awaited)!;

test("an answer has its words, its flag, and whether its quote was found", () => {
  expect(look()).toEqual({
    classes: ["words", "green", "found"],
    text: "Delaware",
    marks: "❝",
    meanings: ["Green: nothing in doubt", "The quote is in the document"],
  });
  expect(look({ verified: false }).classes).toContain("unfound");
});

test("a cell without an answer says whether one is coming", () => {
  expect(appearance(undefined, "text", false)!.meanings).toEqual(["not asked yet"]);
  expect(appearance(undefined, "text", true)!.classes).toEqual(["awaited"]);
  expect(look({ status: "error" }, true).meanings).toEqual(["being answered"]);
});

test("an answer that is asked again stays readable", () => {
  expect(look({}, true)).toMatchObject({ text: "Delaware", classes: ["words", "green", "awaited", "found"] });
});

test("a cell that failed has no appearance of an answer", () => {
  expect(appearance({ ...done, status: "error", error: "Too long." }, "text", false)).toBeNull();
});

test("every state has its mark, and the verification of a person counts more than the quote", () => {
  const { classes, marks } = look({
    attempt_error: "gone",
    stale: true,
    outdated: true,
    edited: true,
    verified_by: "ann@example.org",
  });
  expect(marks).toBe("⚠◔◷✎✔");
  expect(classes).toEqual(["words", "green", "attempted", "stale", "outdated", "edited", "checked", "several"]);
});

test("only a typed number is aligned as one", () => {
  expect(appearance({ ...done, value: 30 }, "number", false)!.classes).toContain("number");
  expect(appearance({ ...done, value: null }, "number", false)!.classes).not.toContain("number");
});

test("a long answer is cut", () => {
  expect(look({ summary: "x".repeat(1000) }).text).toHaveLength(301);
});

test("words that differ from their value are shown with it", () => {
  const shown = (value: unknown, summary: string, format: Format, unit: string | null = null) =>
    appearance({ ...done, value, summary }, format, false, unit)!;
  const amount = { amount: "500000", currency: "USD" };
  const read = shown(amount, "Five Hundred Thousand Dollars", "monetary_amount");
  expect(read.text).toBe("USD 500,000 ← Five Hundred Thousand Dollars");
  expect(read.meanings).toContain("Read as USD 500,000");
  expect(shown("2014-05-08", "the 8th day of May, 2014", "date").text).toMatch(/^2014-05-08 ←/);
  expect(shown("12", "one year", "number", "month").text).toBe("12 months ← one year");
  expect(shown("2.5", "two and one-half percent", "percentage").text).toMatch(/^2.5% ←/);
  for (const [value, summary, format] of [
    [amount, "500,000 USD", "monetary_amount"],
    ["90", "90 days", "number"],
    ["90", "90", "number"],
    ["2.5", "2.5 %", "percentage"],
    ["2014-05-08", "2014-05-08", "date"],
    [null, "the greater of $1 and $2", "monetary_amount"],
    ["Lease", "as shown", "tag"],
  ] as const)
    expect(shown(value, summary, format).text).toBe(summary);
});
