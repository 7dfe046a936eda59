/** Lines of cells in the forms of a table that other programs accept: text with tabs, and HTML. */

// As `harmless` of export/values.py, for the start of a cell: a line end or a tab inside it is a blank here.
const FORMULA = /^[\p{Cc}\p{Zs}\p{Default_Ignorable_Code_Point}"']*[=+@⁺⁼₊₌⩵⩶﬩﹢﹣﹦﹫＋－＝＠-]/u;
const FIGURE = /^-[0-9]+(\.[0-9]+)?(%| [A-Z]{3})?$/;

/** The text, with an apostrophe before it if a spreadsheet could take it for a formula. */
const harmless = (text: string): string => (FORMULA.test(text) && !FIGURE.test(text) ? `'${text}` : text);

const LINE_ENDS = /[\t\n\v\f\r\x85\u2028\u2029]+/g;

export const asText = (lines: string[][]): string =>
  lines.map((line) => line.map((cell) => harmless(cell.replace(LINE_ENDS, " "))).join("\t")).join("\n");

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign]!);

export const asHtml = (lines: string[][]): string => {
  const rows = lines.map((line) => `<tr>${line.map((cell) => `<td>${escaped(harmless(cell))}</td>`).join("")}</tr>`);
  return `<table><tbody>${rows.join("")}</tbody></table>`;
};

/** One cell is copied alone; more come with the names of their columns. */
export const withHeads = (heads: string[], lines: string[][]): string[][] =>
  lines.length > 1 || heads.length > 1 ? [heads, ...lines] : lines;

/** Copies a table that may still be loading: the browser allows copying only right after a key or a click. */
export async function copyTable(table: Promise<string[][]>): Promise<void> {
  const blob = (type: string, format: (lines: string[][]) => string) =>
    table.then((lines) => new Blob([format(lines)], { type }));
  const item = new ClipboardItem({
    "text/plain": blob("text/plain", asText),
    "text/html": blob("text/html", asHtml),
  });
  await navigator.clipboard.write([item]);
}
