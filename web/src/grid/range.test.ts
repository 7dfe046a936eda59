import { expect, test } from "vitest";
import { covers, extended, extent } from "./range";

const order = ["document", "law", "date", "kind"];
const at = (row: number, column: string) => ({ row, column });

test("a range is the same from either corner", () => {
  const block = { top: 2, bottom: 5, columns: ["law", "date"] };
  expect(extent({ from: at(2, "law"), to: at(5, "date") }, order)).toEqual(block);
  expect(extent({ from: at(5, "date"), to: at(2, "law") }, order)).toEqual(block);
});

test("a range that began in the column of the boxes begins at the first column that is copied", () => {
  expect(extent({ from: at(0, "boxes"), to: at(0, "law") }, order).columns).toEqual(["document", "law"]);
});

test("a range covers its corners and nothing outside", () => {
  const range = { from: at(1, "law"), to: at(3, "date") };
  expect([at(1, "law"), at(3, "date"), at(2, "law")].every((place) => covers(range, order, place))).toBe(true);
  expect([at(0, "law"), at(4, "law"), at(2, "kind")].some((place) => covers(range, order, place))).toBe(false);
});

test("Shift and an arrow move the far corner", () => {
  const once = extended(null, at(1, "law"), [0, 1], order, 10);
  expect(once).toEqual({ from: at(1, "law"), to: at(1, "date") });
  expect(extended(once, at(1, "law"), [1, 0], order, 10)).toEqual({ from: at(1, "law"), to: at(2, "date") });
});

test("a range ends at the edge of the grid", () => {
  const whole = { from: at(8, "date"), to: at(9, "kind") };
  expect(extended(whole, at(8, "date"), [1, 1], order, 10)).toEqual(whole);
});

test("a range begins anew where the focus is elsewhere", () => {
  const old = { from: at(1, "law"), to: at(3, "kind") };
  expect(extended(old, at(7, "date"), [-1, 0], order, 10)).toEqual({ from: at(7, "date"), to: at(6, "date") });
});
