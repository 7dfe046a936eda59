/**
 * A modal dialog: the browser keeps the focus inside, Esc closes it, and the focus returns to where it was. It begins at
 * `data-first`, or in the first field, or at the first button of the footer, which loses nothing.
 */
import { useEffect, useId, useRef, type ReactNode } from "react";
import styles from "./Dialog.module.css";

export function Dialog({
  title,
  onClose,
  children,
  wide = false,
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
}) {
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
        onClose();
      }}
      onMouseDown={(event) => event.target === ref.current && onClose()}
    >
      <div className={styles.body}>
        <header>
          <h2 id={id}>{title}</h2>
          <button className="icon" aria-label="Close" onClick={onClose}>
            ×
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
