/** A PDF's pages, each drawn when it comes near; the rectangles of a quote lie over the words that they are of. */
import { getDocument, GlobalWorkerOptions, TextLayer, type PDFDocumentProxy, type RenderTask } from "pdfjs-dist";
import workerUrl from "pdfjs-dist/build/pdf.worker.min.mjs?url";
import { useEffect, useRef, useState } from "react";
import { authorization, originalUrl, sentence } from "../api/client";
import { ErrorText, Loading } from "../ui/basics";
import type { Citation } from "./Viewer";

GlobalWorkerOptions.workerSrc = workerUrl;
const FILES = "/assets/pdf";
const WIDEST = 1_100; // pixels of a page that nobody has made larger, as style.css has it for text

export default function PdfPages({ documentId, citation }: { documentId: string; citation: Citation | null }) {
  const [pdf, setPdf] = useState<PDFDocumentProxy | null>(null);
  const [sizes, setSizes] = useState<{ width: number; height: number }>();
  const [error, setError] = useState("");
  const [zoom, setZoom] = useState(1);
  useEffect(() => {
    const task = getDocument({
      url: originalUrl(documentId), httpHeaders: authorization(), rangeChunkSize: 256 * 1024, disableAutoFetch: true,
      standardFontDataUrl: `${FILES}/standard_fonts/`, cMapUrl: `${FILES}/cmaps/`, wasmUrl: `${FILES}/wasm/`, useWasm: false,
    });
    let gone = false; // what is under way when the viewer closes fails, and is nobody's error
    task.promise.then(async (loaded) => {
      const { width, height } = (await loaded.getPage(1)).getViewport({ scale: 1 });
      setSizes({ width, height });
      setPdf(loaded);
    }).catch((reason: unknown) => gone || setError(sentence(reason)));
    return () => {
      gone = true;
      void task.destroy();
    };
  }, [documentId]);
  if (error) return <ErrorText>{error}</ErrorText>;
  if (!pdf || !sizes) return <Loading what="Opening the PDF" />;
  return (
    <>
      <div className="zoom" role="group" aria-label="Zoom">
        <button className="icon" aria-label="Smaller" onClick={() => setZoom(Math.max(0.5, zoom - 0.25))}>−</button>
        <button className="icon" aria-label="Larger" onClick={() => setZoom(Math.min(4, zoom + 0.25))}>+</button>
      </div>
      <div className="pdf" style={{ width: `min(${zoom * 100}%, ${zoom * WIDEST}px)` }}>
        {Array.from({ length: pdf.numPages }, (_, nr) => <PdfPage key={nr + 1} pdf={pdf} number={nr + 1} guess={sizes} zoom={zoom} citation={citation} />)}
      </div>
    </>
  );
}

type PageProps = { pdf: PDFDocumentProxy; number: number; guess: { width: number; height: number }; zoom: number; citation: Citation | null };

function PdfPage({ pdf, number, guess, zoom, citation }: PageProps) {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const words = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  const [size, setSize] = useState(guess);
  const [error, setError] = useState("");
  const rectangles = citation?.rectangles.filter((one) => one.page === number) ?? [];
  const wanted = citation?.page === number || rectangles.length > 0;
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => setNear(entry!.isIntersecting), { root: host.current!.closest(".viewer"), rootMargin: "600px 0px" });
    observer.observe(host.current!);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (!near) return;
    setError("");
    let task: RenderTask | null = null;
    let layer: TextLayer | null = null;
    let gone = false;
    void (async () => {
      const page = await pdf.getPage(number);
      if (gone) return;
      const natural = page.getViewport({ scale: 1 });
      setSize({ width: natural.width, height: natural.height });
      const scale = host.current!.clientWidth / natural.width;
      const sharp = page.getViewport({ scale: scale * Math.min(devicePixelRatio, 2) });
      const target = canvas.current!;
      target.width = sharp.width;
      target.height = sharp.height;
      task = page.render({ canvas: target, viewport: sharp });
      await task.promise;
      target.dataset.drawn = "true";
      words.current!.replaceChildren();
      words.current!.style.setProperty("--total-scale-factor", String(scale));
      layer = new TextLayer({ textContentSource: page.streamTextContent(), container: words.current!, viewport: page.getViewport({ scale }) });
      await layer.render();
    })().catch((reason: unknown) => gone || setError(sentence(reason)));
    return () => {
      gone = true;
      task?.cancel();
      layer?.cancel();
    };
  }, [near, pdf, number, zoom]);
  useEffect(() => {
    if (wanted) (host.current!.querySelector(".highlight") ?? host.current!).scrollIntoView({ block: rectangles.length ? "center" : "start" });
  }, [citation, size.width]);
  const percent = (part: number, whole: number) => `${(part / whole) * 100}%`;
  return (
    <div ref={host} className="pdf-page" style={{ aspectRatio: `${size.width} / ${size.height}` }} data-page={number}>
      {near && <><canvas ref={canvas} role="img" aria-label={`Page ${number}`} /><div ref={words} className="text-layer" /></>}
      {rectangles.map((one, nr) => (
        <div key={nr} className="highlight" style={{ left: percent(one.x0, size.width), top: percent(one.y0, size.height), width: percent(one.x1 - one.x0, size.width), height: percent(one.y1 - one.y0, size.height) }} />
      ))}
      {error && <ErrorText>{`Page ${number} cannot be drawn: ${error}`}</ErrorText>}
      <div className="page-number">{number}</div>
    </div>
  );
}
