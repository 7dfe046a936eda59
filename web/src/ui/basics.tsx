/** The small parts that every screen is made of. */
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import type { Flag, Format } from "../api/client";

export const FORMATS: Record<Format, { name: string; sign: string }> = {
  text: { name: "Text", sign: "¶" },
  bulleted_list: { name: "List", sign: "•" },
  number: { name: "Number", sign: "#" },
  percentage: { name: "Percentage", sign: "%" },
  monetary_amount: { name: "Amount of money", sign: "$" },
  currency: { name: "Currency", sign: "¤" },
  yes_no: { name: "Yes or no", sign: "?" },
  date: { name: "Date", sign: "▤" },
  tag: { name: "Tag", sign: "◆" },
};
export const FLAGS: Record<Flag, string> = {
  green: "Green: sure",
  yellow: "Yellow: look closer",
  red: "Red: problem",
  grey: "Grey: not found",
};

export const count = (n: number, one: string, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
export const when = (iso: string) =>
  new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** The tab's name, as long as the screen is shown. */
export function useTitle(name: string | undefined) {
  useEffect(() => {
    document.title = name ? `${name} · Columnist` : "Columnist";
  }, [name]);
}

/**
 * A modal dialog: the browser keeps the focus inside, Esc closes it, and the focus goes back to where it was. It begins in
 * what has the class `first`, or in the first field, or where nothing is lost.
 */
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
    const first = [".first", "form :is(input, select, textarea)", "footer button"];
    first
      .map((one) => dialog.querySelector<HTMLElement>(one))
      .find((one) => one)
      ?.focus();
    return () => {
      dialog.close();
      back?.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className={wide ? "dialog wide" : "dialog"}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => event.target === ref.current && onClose()}
    >
      <div className="dialog-body">
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

export type Item =
  { label: ReactNode; onSelect: () => void; disabled?: boolean; checked?: boolean; danger?: boolean } | "line";

/** A button with a menu below it: arrows move, Enter or a click chooses, Esc closes. */
export function Menu({
  label,
  items,
  className = "",
  title,
}: {
  label: ReactNode;
  items: Item[];
  className?: string;
  title?: string;
}) {
  const [at, setAt] = useState<DOMRect | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      <button
        ref={button}
        className={className}
        aria-haspopup="menu"
        aria-expanded={at !== null}
        aria-label={title}
        title={title}
        onClick={() => setAt(at ? null : button.current!.getBoundingClientRect())}
      >
        {label}
      </button>
      {at && (
        <MenuList
          at={at}
          items={items}
          onClose={() => {
            setAt(null);
            button.current?.focus();
          }}
        />
      )}
    </>
  );
}

export function MenuList({ at, items, onClose }: { at: DOMRect; items: Item[]; onClose: () => void }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const list = ref.current!;
    list.style.left = `${Math.max(8, Math.min(at.left, innerWidth - list.offsetWidth - 8))}px`;
    list.style.top = `${Math.min(at.bottom + 4, innerHeight - list.offsetHeight - 8)}px`;
    list.querySelector<HTMLElement>("button:not([disabled])")?.focus();
    const away = (event: PointerEvent) => !list.contains(event.target as Node) && onClose();
    addEventListener("pointerdown", away, true);
    return () => removeEventListener("pointerdown", away, true);
  }, [at]);
  const move = (event: React.KeyboardEvent) => {
    const buttons = [...ref.current!.querySelectorAll<HTMLElement>("button:not([disabled])")];
    const now = buttons.indexOf(document.activeElement as HTMLElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      buttons.at((now + step) % buttons.length)?.focus();
    }
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      onClose();
    }
    event.stopPropagation();
  };
  return (
    <div ref={ref} className="menu" role="menu" onKeyDown={move}>
      {items.map((item, nr) =>
        item === "line" ? (
          <hr key={nr} role="separator" />
        ) : (
          <button
            key={nr}
            role={item.checked === undefined ? "menuitem" : "menuitemcheckbox"}
            aria-checked={item.checked}
            disabled={item.disabled}
            className={item.danger ? "danger" : ""}
            tabIndex={-1}
            onClick={() => {
              if (item.checked === undefined) onClose();
              item.onSelect();
            }}
          >
            {item.checked !== undefined && (
              <span aria-hidden className="tick">
                {item.checked ? "✓" : ""}
              </span>
            )}
            {item.label}
          </button>
        ),
      )}
    </div>
  );
}

export function ErrorText({ children }: { children: ReactNode }) {
  return children ? (
    <p className="error" role="alert">
      {children}
    </p>
  ) : null;
}

/** Something is on its way; said to nobody who sees it at once. */
export function Loading({ what }: { what: string }) {
  return (
    <div className="loading" role="status">
      <span className="spinner" aria-hidden />
      {what} …
    </div>
  );
}

export function FlagDot({ flag }: { flag: Flag | null | undefined }) {
  return flag ? <span className={`flag ${flag}`} role="img" aria-label={FLAGS[flag]} title={FLAGS[flag]} /> : null;
}
