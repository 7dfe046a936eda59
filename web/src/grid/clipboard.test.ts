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

test("one cell is copied alone, several with the names of their columns", () => {
  expect(withHeads(["Law"], [["Delaware"]])).toEqual([["Delaware"]]);
  expect(withHeads(["Law"], [["Delaware"], ["Utah"]])).toEqual([["Law"], ["Delaware"], ["Utah"]]);
  expect(withHeads(["Law", "Date"], [["Delaware", "2020"]])).toEqual([
    ["Law", "Date"],
    ["Delaware", "2020"],
  ]);
});
