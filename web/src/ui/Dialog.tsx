/**
 * A modal dialog: the browser keeps the focus inside, Esc closes it, and the focus returns to its earlier place. It
 * begins at `data-first`, or in the first field, or at the first button of the footer, which discards nothing. `keeps`:
 * Esc or a click beside it does not discard typed text.
 */
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import styles from "./Dialog.module.css";

export function Dialog({
  title,
  onClose,
  children,
  wide = false,
  keeps = false,
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
  keeps?: boolean;
}) {
  const [typed, setTyped] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const leave = () => (keeps && typed ? setLeaving(true) : onClose());
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current!;
    const back = document.activeElement as HTMLElement | null;
    if (!dialog.open) dialog.showModal(); // which would begin at the button that closes it
    const first = ["[data-first]", "form :is(input, select, textarea)", "footer button"];
    first
      .map((selector) => dialog.querySelector<HTMLElement>(selector))
      .find((found) => found)
      ?.focus();
    return () => {
      dialog.close();
      back?.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className={wide ? `${styles.dialog} ${styles.wide}` : styles.dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        leave();
      }}
      onInput={() => setTyped(true)}
      onMouseDown={(event) => event.target === ref.current && leave()}
    >
      <div className={styles.body}>
        <header>
          <h2 id={id}>{title}</h2>
          <button className="icon" aria-label="Close" onClick={leave}>
            ×
          </button>
        </header>
        {children}
        {leaving && (
          <div className={styles.leaving} role="alert">
            Your text is not saved.
            <button autoFocus onClick={() => setLeaving(false)}>
              Keep writing
            </button>
            <button className="danger" onClick={onClose}>
              Discard
            </button>
          </div>
        )}
      </div>
    </dialog>
  );
}
