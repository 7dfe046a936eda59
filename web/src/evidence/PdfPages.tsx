/** A PDF's pages, each drawn when it comes near. */
import { getDocument, GlobalWorkerOptions, TextLayer, type PDFDocumentProxy, type RenderTask } from "pdfjs-dist";
import workerUrl from "pdfjs-dist/build/pdf.worker.min.mjs?url";
import { useEffect, useRef, useState } from "react";
import { authorization, originalUrl, sentence, type Citation } from "../api/client";
import { BASE } from "../api/server";
import { ErrorText, Loading } from "../ui/parts";
import { Highlights, useNear, Zoomed, type Size } from "./Paper";
import styles from "./PdfPages.module.css";
import paper from "./Paper.module.css";

GlobalWorkerOptions.workerSrc = workerUrl;
const FILES = `${BASE}/assets/pdf`;

export default function PdfPages({ documentId, citation }: { documentId: string; citation: Citation | null }) {
  const [pdf, setPdf] = useState<PDFDocumentProxy | null>(null);
  const [sizes, setSizes] = useState<Size>();
  const [error, setError] = useState("");
  useEffect(() => {
    const task = getDocument({
      url: originalUrl(documentId),
      httpHeaders: authorization(),
      rangeChunkSize: 256 * 1024,
      disableAutoFetch: true,
      standardFontDataUrl: `${FILES}/standard_fonts/`,
      cMapUrl: `${FILES}/cmaps/`,
      wasmUrl: `${FILES}/wasm/`,
      useWasm: false,
    });
    let gone = false; // requests that run when the viewer closes fail, which is no error
    task.promise
      .then(async (loaded) => {
        const { width, height } = (await loaded.getPage(1)).getViewport({ scale: 1 });
        setSizes({ width, height });
        setPdf(loaded);
      })
      .catch((reason: unknown) => gone || setError(sentence(reason)));
    return () => {
      gone = true;
      void task.destroy();
    };
  }, [documentId]);
  if (error) return <ErrorText>{error}</ErrorText>;
  if (!pdf || !sizes) return <Loading what="Opening the PDF" />;
  return (
    <Zoomed>
      {(zoom) =>
        Array.from({ length: pdf.numPages }, (_, nr) => (
          <PdfPage key={nr + 1} pdf={pdf} number={nr + 1} guess={sizes} zoom={zoom} citation={citation} />
        ))
      }
    </Zoomed>
  );
}

type PageProps = { pdf: PDFDocumentProxy; number: number; guess: Size; zoom: number; citation: Citation | null };

function PdfPage({ pdf, number, guess, zoom, citation }: PageProps) {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const words = useRef<HTMLDivElement>(null);
  const near = useNear(host);
  const [size, setSize] = useState(guess);
  const [error, setError] = useState("");
  useEffect(() => {
    if (!near) return;
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
      delete words.current!.dataset.laid;
      words.current!.replaceChildren();
      words.current!.style.setProperty("--total-scale-factor", String(scale));
      layer = new TextLayer({
        textContentSource: page.streamTextContent(),
        container: words.current!,
        viewport: page.getViewport({ scale }),
      });
      await layer.render();
      words.current!.dataset.laid = "true";
      setError("");
    })().catch((reason: unknown) => gone || setError(sentence(reason)));
    return () => {
      gone = true;
      task?.cancel();
      layer?.cancel();
    };
  }, [near, pdf, number, zoom]);
  return (
    <div ref={host} className={paper.page} style={{ aspectRatio: `${size.width} / ${size.height}` }} data-page={number}>
      {near && (
        <>
          <canvas ref={canvas} role="img" aria-label={`Page ${number}`} />
          <div ref={words} className={styles.textLayer} />
        </>
      )}
      <Highlights host={host} citation={citation} number={number} size={size} zoom={zoom} />
      {error && <ErrorText>{`Page ${number} cannot be drawn: ${error}`}</ErrorText>}
      <div className={paper.number}>{number}</div>
    </div>
  );
}
