/** Short notices at the bottom of the page: an error, or an act with its undo or what follows from it. */
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from "react";
import { sentence } from "../api/client";
import styles from "./notices.module.css";

type Notice = { id: number; words: string; bad: boolean; act?: () => void; label: string };
type Say = { say: (words: string, act?: () => void, label?: string) => void; fail: (error: unknown) => void };

const Notices = createContext<Say>({ say: () => {}, fail: () => {} });
export const useNotices = () => useContext(Notices);
const SHOWN_MS = 8000;

export function NoticeProvider({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<Notice[]>([]);
  const drop = useCallback((id: number) => setNotices((all) => all.filter((one) => one.id !== id)), []);
  const value = useMemo<Say>(() => {
    const add = (words: string, bad: boolean, act?: () => void, label = "Undo") => {
      const id = performance.now();
      setNotices((all) => [...all.slice(-3), { id, words, bad, act, label }]);
      setTimeout(() => drop(id), SHOWN_MS);
    };
    return { say: (words, act, label) => add(words, false, act, label), fail: (error) => add(sentence(error), true) };
  }, [drop]);
  return (
    <Notices.Provider value={value}>
      {children}
      <div className={styles.notices} aria-live="polite">
        {notices.map((one) => (
          <div
            key={one.id}
            className={one.bad ? `${styles.notice} ${styles.bad}` : styles.notice}
            role={one.bad ? "alert" : "status"}
          >
            {one.words}
            {one.act && (
              <button
                onClick={() => {
                  one.act!();
                  drop(one.id);
                }}
              >
                {one.label}
              </button>
            )}
            <button className="icon" aria-label="Dismiss" onClick={() => drop(one.id)}>
              ×
            </button>
          </div>
        ))}
      </div>
    </Notices.Provider>
  );
}
