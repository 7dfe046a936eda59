/** The keys of the grid: their actions, and their list. */
import { useEffect, useEffectEvent } from "react";
import { stepOf, type Step } from "../ui/step";
import { Dialog } from "../ui/Dialog";
import styles from "./Keys.module.css";

type Actions = { panelIsOpen: boolean; onMove: (step: Step) => void; onSearch: () => void; onHelp: () => void };

/** The keys that work wherever the focus is, but not while somebody types. */
export function useKeys({ panelIsOpen, onMove, onSearch, onHelp }: Actions) {
  const press = useEffectEvent((event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    const step = stepOf(event.key);
    if (panelIsOpen && event.altKey && step && !target.closest("form, dialog, .ag-header")) {
      event.preventDefault(); // the browser would leave the page
      onMove(step);
    }
    const typing = target.closest("input, textarea, select, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      event.preventDefault();
      onSearch();
    }
    if (event.key === "?") onHelp();
  });
  useEffect(() => {
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

const KEYS = [
  ["Arrows", "move from answer to answer"],
  ["Shift + arrows", "select a range; so do Shift + click, and dragging"],
  ["Ctrl + A", "select everything"],
  ["Ctrl + C", "copy the range as a table"],
  ["Enter", "open the evidence, or the document"],
  ["Alt + arrows", "with the panel open: go to the next answer or document"],
  ["On a column header", "Enter sorts, Alt + ↓ opens its menu, Shift + ← → moves it, Alt + ← → changes its width"],
  ["E", "edit"],
  ["V", "verify, or withdraw the verification; of a range: verify its answers"],
  ["Shift + V", "verify, and go to the next answer that nobody has checked"],
  ["R", "ask again"],
  ["N", "go to the next answer that nobody has checked: edited or verified since its question last changed"],
  ["Space", "select the row"],
  ["Esc", "close the panel"],
  ["/", "search"],
  ["Ctrl + F", "with a document open: find in it"],
  ["?", "show these keys"],
];

const SIGNS = [
  ["●", "green: nothing in doubt · yellow: look closer · red: problem"],
  ["○", "grey: nothing found · green: by the word of a model whose green nobody has measured"],
  ["❝", "green: the quote is in the document · struck through: it was not found there"],
  ["✔", "verified by a person"],
  ["✎", "edited by a person"],
  ["◔", "stale: the question has changed since"],
  ["◷", "outdated: from another model or prompt"],
  ["⚠", "of an answer: the last attempt failed · of a document: not all of it was read as a person sees it"],
  ["◫", "pages were read by OCR"],
];

export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys and signs" onClose={onClose}>
      {[KEYS, SIGNS].map((list) => (
        <table key={list.length} className={styles.keys}>
          <tbody>
            {list.map(([key, what]) => (
              <tr key={key}>
                <th scope="row">{list === KEYS ? <kbd>{key}</kbd> : key}</th>
                <td>{what}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </Dialog>
  );
}
