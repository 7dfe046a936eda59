/** Menus: arrows move, Enter or a click chooses, Esc closes. */
import { useEffect, useEffectEvent, useRef, useState, type ReactNode } from "react";
import styles from "./Menu.module.css";

export type Item =
  { label: ReactNode; onSelect: () => void; disabled?: boolean; checked?: boolean; danger?: boolean } | "line";

/** A button with a menu below it. */
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
  const close = useEffectEvent(onClose);
  useEffect(() => {
    const list = ref.current!;
    list.style.left = `${Math.max(8, Math.min(at.left, innerWidth - list.offsetWidth - 8))}px`;
    list.style.top = `${Math.min(at.bottom + 4, innerHeight - list.offsetHeight - 8)}px`;
    list.querySelector<HTMLElement>("button:not([disabled])")?.focus();
    const away = (event: PointerEvent) => !list.contains(event.target as Node) && close();
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
    <div ref={ref} className={styles.menu} role="menu" onKeyDown={move}>
      {items.map((item, index) =>
        item === "line" ? (
          <hr key={index} role="separator" />
        ) : (
          <button
            key={index}
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
              <span aria-hidden className={styles.tick}>
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
