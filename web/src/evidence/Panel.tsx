/** The panel beside the grid: an answer, and the document at its evidence. */
import { useRef, useState } from "react";
import { Link } from "wouter";
import type { CellKey, Citation, Column, FullCell, Job } from "../api/client";
import { useNotices } from "../ui/notices";
import type { Step } from "../ui/step";
import { Answer, type Command } from "./Answer";
import { Viewer } from "./Viewer";
import styles from "./Panel.module.css";

type Props = {
  review: string;
  cell: CellKey;
  column: Column;
  job: Job | null;
  document: string;
  documentAt: string;
  /** An address that opens this answer. */
  link: string;
  mayEdit: boolean;
  command: Command;
  onCommandDone: () => void;
  onMove: (step: Step) => void;
  onVerifyAndGoOn: () => void;
  onChanged: (cell: FullCell) => void;
  onStarted: () => void;
  onClose: () => void;
};
const WIDTH = "columnist.panel";

export function Panel({
  review,
  cell,
  column,
  job,
  document,
  documentAt,
  link,
  mayEdit,
  command,
  onCommandDone,
  onMove,
  onVerifyAndGoOn,
  onChanged,
  onStarted,
  onClose,
}: Props) {
  const { say, fail } = useNotices();
  const [citation, setCitation] = useState<Citation | null>(null);
  const [width, setWidth] = useState(
    () => Number(localStorage.getItem(WIDTH)) || Math.max(560, Math.round(innerWidth * 0.35)),
  );
  const panel = useRef<HTMLElement>(null);
  const resize = (to: number) => {
    const next = Math.round(Math.max(380, Math.min(innerWidth - 420, to)));
    setWidth(next);
    localStorage.setItem(WIDTH, String(next));
  };
  return (
    <aside
      ref={panel}
      className={styles.panel}
      aria-label="Answer and evidence"
      style={{ width }}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <div
        className={styles.resizer}
        role="separator"
        aria-orientation="vertical"
        aria-label="Width of the panel"
        aria-valuenow={width}
        tabIndex={0}
        onKeyDown={(event) => {
          if (event.key === "ArrowLeft") resize(width + 40);
          if (event.key === "ArrowRight") resize(width - 40);
        }}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={(event) =>
          event.currentTarget.hasPointerCapture(event.pointerId) && resize(innerWidth - event.clientX)
        }
      />
      <header>
        <div className={styles.titles}>
          <h2>{column.name}</h2>
          <Link href={documentAt}>{document}</Link>
        </div>
        <div role="group" aria-label="Go to another answer">
          <button className="icon" aria-label="Previous question" title="Alt+←" onClick={() => onMove([0, -1])}>
            ←
          </button>
          <button className="icon" aria-label="Previous document" title="Alt+↑" onClick={() => onMove([-1, 0])}>
            ↑
          </button>
          <button className="icon" aria-label="Next document" title="Alt+↓" onClick={() => onMove([1, 0])}>
            ↓
          </button>
          <button className="icon" aria-label="Next question" title="Alt+→" onClick={() => onMove([0, 1])}>
            →
          </button>
        </div>
        <button
          className="icon"
          aria-label="Copy a link to this answer"
          title="Copy a link to this answer"
          onClick={() => void navigator.clipboard.writeText(link).then(() => say("The link is copied."), fail)}
        >
          ⧉
        </button>
        <button className="icon" aria-label="Close the panel" title="Esc" onClick={onClose}>
          ×
        </button>
      </header>
      <div className={styles.answer} tabIndex={0} role="region" aria-label="Answer">
        <p className={styles.question}>{column.prompt}</p>
        <Answer
          key={`${cell.document_id} ${cell.column_id}`}
          review={review}
          cell={cell}
          column={column}
          job={job}
          mayEdit={mayEdit}
          chosen={citation}
          onChoose={setCitation}
          onChanged={onChanged}
          onStarted={onStarted}
          command={command}
          onCommandDone={onCommandDone}
          onVerifyAndGoOn={onVerifyAndGoOn}
        />
      </div>
      <Viewer documentId={cell.document_id} citation={citation} />
    </aside>
  );
}
