import { expect, test } from "vitest";
import { asHtml, asText, withHeads } from "./clipboard";

test("a cell of several lines stays one cell", () => {
  expect(asText([["a\tb", "c\r\nd"], ["e"]])).toBe("a b\tc d\ne");
});

test("what somebody wrote is text in the copied table", () => {
  expect(asHtml([['<b>"A" & B</b>']])).toBe(
    "<table><tbody><tr><td>&lt;b&gt;&quot;A&quot; &amp; B&lt;/b&gt;</td></tr></tbody></table>",
  );
});

test.each(["=1+1", "+1", "-1 day", "@A1", "＝1", "\u200b=1", "\ufeff \t=1", '"=1', "\n=1", "\u3164=1"])(
  "no spreadsheet takes the copied cell %j for a formula",
  (cell) => {
    expect(asText([[cell]])).toBe(`'${cell.replace(/[\t\n]/g, " ")}`);
    expect(asHtml([[cell]])).toContain("<td>'");
  },
);

test("figures and other texts are copied as they are", () => {
  for (const cell of ["-12.5", "-12.50 USD", "-5%", "", "a = b", "non-exclusive", "(1)"]) {
    expect(asText([[cell]])).toBe(cell);
    expect(asHtml([[cell]])).toBe(`<table><tbody><tr><td>${cell}</td></tr></tbody></table>`);
  }
});

test("one cell is copied alone, several with the names of their columns", () => {
  expect(withHeads(["Law"], [["Delaware"]])).toEqual([["Delaware"]]);
  expect(withHeads(["Law"], [["Delaware"], ["Utah"]])).toEqual([["Law"], ["Delaware"], ["Utah"]]);
  expect(withHeads(["Law", "Date"], [["Delaware", "2020"]])).toEqual([
    ["Law", "Date"],
    ["Delaware", "2020"],
  ]);
});
