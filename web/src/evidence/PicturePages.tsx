/** A picture's pages (a scan that is no PDF), each drawn by the server when it comes near. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { getPage, getPageImage, sentence, type Citation } from "../api/client";
import { ErrorText } from "../ui/basics";
import { Highlights, useNear, Zoomed } from "./Paper";

const A4 = { width: 595, height: 842 };
/** Pixels: sharp at twice the usual width of the panel. */
const DRAWN_WIDTH = 1600;

export function PicturePages({
  documentId,
  pages,
  citation,
}: {
  documentId: string;
  pages: number;
  citation: Citation | null;
}) {
  return (
    <Zoomed>
      {(zoom) =>
        Array.from({ length: pages }, (_, nr) => (
          <PicturePage key={nr + 1} documentId={documentId} number={nr + 1} zoom={zoom} citation={citation} />
        ))
      }
    </Zoomed>
  );
}

function PicturePage({
  documentId,
  number,
  zoom,
  citation,
}: {
  documentId: string;
  number: number;
  zoom: number;
  citation: Citation | null;
}) {
  const host = useRef<HTMLDivElement>(null);
  const near = useNear(host);
  const page = useQuery({
    queryKey: ["page", documentId, number],
    queryFn: () => getPage(documentId, number),
    staleTime: Infinity,
  });
  const picture = useQuery({
    queryKey: ["picture", documentId, number],
    queryFn: () => getPageImage(documentId, number, DRAWN_WIDTH),
    staleTime: Infinity,
    enabled: near,
  });
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!picture.data) return;
    const made = URL.createObjectURL(picture.data);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [picture.data]);
  const size = page.data ?? A4;
  const error = page.error ?? picture.error;
  return (
    <div ref={host} className="pdf-page" style={{ aspectRatio: `${size.width} / ${size.height}` }} data-page={number}>
      {near && url && <img src={url} alt={`Page ${number}`} />}
      <Highlights host={host} citation={citation} number={number} size={size} zoom={zoom} />
      {error && <ErrorText>{`Page ${number} cannot be drawn: ${sentence(error)}`}</ErrorText>}
      <div className="page-number">{number}</div>
    </div>
  );
}
