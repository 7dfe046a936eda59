/** The small parts of every screen. */
import { useEffect, type ReactNode } from "react";
import { sentence, type Flag } from "../api/client";
import { FLAGS } from "./words";
import styles from "./parts.module.css";

/** The tab's name while the screen is shown. */
export function useTitle(name: string | undefined) {
  useEffect(() => {
    document.title = name ? `${name} · Columnist` : "Columnist";
  }, [name]);
}

export function ErrorText({ children }: { children: ReactNode }) {
  return children ? (
    <p className={styles.error} role="alert">
      {children}
    </p>
  ) : null;
}

/** Why something failed, if it did. */
export function ErrorOf({ error }: { error: unknown }) {
  return error ? <ErrorText>{sentence(error)}</ErrorText> : null;
}

/** A sign of waiting, with its reason. */
export function Loading({ what }: { what: string }) {
  return (
    <div className={styles.loading} role="status">
      <span className={styles.spinner} aria-hidden />
      {what} …
    </div>
  );
}

/** `decorative`: the words beside it say the same; `unproven`: its model's green has not been measured. */
export function FlagDot(dot: { flag: Flag | null | undefined; decorative?: boolean; unproven?: boolean }) {
  const { flag, decorative = false, unproven = false } = dot;
  if (!flag) return null;
  const className = `${styles.flag} ${styles[flag]} ${unproven && flag === "green" ? styles.unproven : ""}`;
  if (decorative) return <span className={className} aria-hidden />;
  return <span className={className} role="img" aria-label={FLAGS[flag]} title={FLAGS[flag]} />;
}
