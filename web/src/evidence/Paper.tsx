/** Shared parts of drawn pages: the zoom, whether they are near, and the rectangles of a quote over its words. */
import { useEffect, useState, type ReactNode, type RefObject } from "react";
import type { Citation } from "../api/client";
import styles from "./Paper.module.css";

export type Size = { width: number; height: number };
const WIDEST = 1_100; // px, of a page at zoom 1
const percent = (part: number, whole: number) => `${(part / whole) * 100}%`;

const ZOOM = "columnist.zoom";

export function Zoomed({ children }: { children: (zoom: number) => ReactNode }) {
  const [zoom, keepZoom] = useState(() => Number(localStorage.getItem(ZOOM)) || 1);
  const setZoom = (to: number) => {
    keepZoom(to);
    localStorage.setItem(ZOOM, String(to)); // the next document is probably as hard to read
  };
  return (
    <>
      <div className={styles.zoom} role="group" aria-label="Zoom">
        <button className="icon" aria-label="Smaller" onClick={() => setZoom(Math.max(0.5, zoom - 0.25))}>
          −
        </button>
        <button className="icon" aria-label="Larger" onClick={() => setZoom(Math.min(4, zoom + 0.25))}>
          +
        </button>
      </div>
      <div className={styles.pages} style={{ width: `min(${zoom * 100}%, ${zoom * WIDEST}px)` }}>
        {children(zoom)}
      </div>
    </>
  );
}

/** Whether a page is on the screen, or soon will be. */
export function useNear(host: RefObject<HTMLDivElement | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => setNear(entry!.isIntersecting), {
      root: host.current!.closest("[role=region]"),
      rootMargin: "600px 0px",
    });
    observer.observe(host.current!);
    return () => observer.disconnect();
  }, [host]);
  return near;
}

/** A quote's rectangles on a page, which comes into view with them. */
export function Highlights({
  host,
  citation,
  number,
  size,
  zoom,
}: {
  host: RefObject<HTMLDivElement | null>;
  citation: Citation | null;
  number: number;
  size: Size;
  zoom: number;
}) {
  const rectangles = citation?.rectangles.filter((one) => one.page === number) ?? [];
  const isMarked = rectangles.length > 0;
  const wanted = isMarked || citation?.page === number;
  useEffect(() => {
    if (wanted)
      (host.current!.querySelector(`.${styles.highlight}`) ?? host.current!).scrollIntoView({
        block: isMarked ? "center" : "start",
        inline: "center",
      });
  }, [citation, host, isMarked, wanted, size.width, zoom]);
  return rectangles.map((one, index) => (
    <div
      key={index}
      className={styles.highlight}
      style={{
        left: percent(one.x0, size.width),
        top: percent(one.y0, size.height),
        width: percent(one.x1 - one.x0, size.width),
        height: percent(one.y1 - one.y0, size.height),
      }}
    />
  ));
}
