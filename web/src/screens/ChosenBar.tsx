/** What can be done with the chosen rows or cells: a bar over the foot of the grid, so that nothing moves. */
import type { Chosen } from "../grid/Grid";
import { count, figure } from "../ui/words";
import { ExportMenu } from "./ExportMenu";
import type { Opened } from "./TableDialogs";
import styles from "./ChosenBar.module.css";

type Props = {
  review: string;
  chosen: Chosen;
  mayEdit: boolean;
  onOpen: (dialog: Opened) => void;
  onCopy: () => void;
  onClear: () => void;
};

export function ChosenBar({ review, chosen: { documents, range }, mayEdit, onOpen, onCopy, onClear }: Props) {
  if (!documents.length && !range) return null;
  const words = range
    ? `${figure(range.rows)} × ${count(range.questions, "answer")}`
    : `${count(documents.length, "row")} selected`;
  return (
    <div className={styles.chosen} role="toolbar" aria-label="Selection">
      <b role="status">{words}</b>
      {mayEdit && (
        <button title="V" onClick={() => onOpen("verify")}>
          Verify …
        </button>
      )}
      <button title="Ctrl+C" onClick={onCopy}>
        Copy
      </button>
      {documents.length > 0 && (
        <>
          {mayEdit && <button onClick={() => onOpen("run")}>Run …</button>}
          <ExportMenu review={review} documents={documents} />
          {mayEdit && (
            <button className="danger" onClick={() => onOpen("remove rows")}>
              Remove …
            </button>
          )}
        </>
      )}
      <button className="icon" aria-label="Clear the selection" onClick={onClear}>
        ×
      </button>
    </div>
  );
}
