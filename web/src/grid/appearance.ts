/** The appearance of a cell: its text, its classes, its marks, and their meanings. */
import type { Format, WindowCell } from "../api/client";
import { FLAGS, reading } from "../ui/words";
import { NUMERIC } from "./filters";

/** `classes`: keys of cells.module.css; `marks`: signs after the text; `meanings`: of both, in words. */
type Appearance = { classes: string[]; text: string; marks: string; meanings: string[] };

/** Characters of an answer that two lines of a very wide column can hold: laying out more would only hide it. */
const LONGEST = 300;

const plain = (className: string, meaning: string): Appearance => ({
  classes: className ? [className] : [],
  text: "",
  marks: "",
  meanings: [meaning],
});

/** Null: the cell failed, and has no answer to show. */
export function appearance(
  cell: WindowCell | undefined,
  format: Format,
  awaited: boolean,
  unit: string | null = null,
): Appearance | null {
  if (awaited && cell?.status !== "done") return plain("awaited", "being answered");
  if (!cell || cell.status === "pending") return plain("", "not asked yet");
  if (cell.status === "error") return null;
  const classes = ["words"];
  const meanings: string[] = [];
  let marks = "";
  const mark = (sign: string, meaning: string, className?: string) => {
    if (className) classes.push(className);
    marks += sign;
    meanings.push(meaning);
  };
  if (cell.flag) {
    classes.push(cell.flag);
    meanings.push(FLAGS[cell.flag]);
  }
  if (awaited) classes.push("awaited");
  if (cell.value != null && NUMERIC.includes(format)) classes.push("number");
  if (cell.attempt_error) mark("⚠", `The last attempt failed: ${cell.attempt_error}`, "attempted");
  if (cell.stale) mark("◔", "Stale: the question has changed since", "stale");
  if (cell.outdated) mark("◷", "Outdated: from another model or prompt", "outdated");
  if (cell.edited) mark("✎", "Edited by a person", "edited");
  if (cell.verified_by)
    mark("✔", `Verified by ${cell.verified_by}${cell.stale ? ", before the question changed" : ""}`, "checked");
  else if (cell.verified === true) mark("❝", "The quote is in the document", "found");
  else if (cell.verified === false) mark("❝", "Unverified: a quote was not found in the document", "unfound");
  if (marks.length > 1) classes.push("several");
  const summary = cell.summary ?? "";
  const shown = summary.length > LONGEST ? `${summary.slice(0, LONGEST)}…` : summary;
  const read = reading(cell.value, cell.summary, format, unit);
  if (read) meanings.push(`Read as ${read}`);
  return { classes, text: read ? `${read} ← ${shown}` : shown, marks, meanings };
}
