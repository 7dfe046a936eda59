/** The pages of a picture (a scan that is not a PDF), each drawn by the server when it comes near. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { client, sentence, type Citation } from "../api/client";
import { pageQuery } from "../api/queries";
import { ErrorText } from "../ui/parts";
import { Highlights, useNear, Zoomed } from "./Paper";
import paper from "./Paper.module.css";

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
        Array.from({ length: pages }, (_, index) => (
          <PicturePage key={index} documentId={documentId} number={index + 1} zoom={zoom} citation={citation} />
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
  const page = useQuery(pageQuery(documentId, number));
  const picture = useQuery({
    queryKey: ["picture", documentId, number],
    queryFn: async () => {
      const params = { path: { document_id: documentId, number }, query: { width: DRAWN_WIDTH } };
      const path = "/api/documents/{document_id}/pages/{number}/image";
      return (await client.GET(path, { params, parseAs: "blob" })).data as Blob;
    },
    staleTime: Infinity,
    enabled: near,
  });
  const image = useRef<HTMLImageElement>(null);
  useEffect(() => {
    if (!near || !picture.data) return;
    const url = URL.createObjectURL(picture.data);
    image.current!.src = url;
    return () => URL.revokeObjectURL(url);
  }, [near, picture.data]);
  const size = page.data ?? A4;
  const error = page.error ?? picture.error;
  return (
    <div ref={host} className={paper.page} style={{ aspectRatio: `${size.width} / ${size.height}` }} data-page={number}>
      {near && picture.data && <img ref={image} alt={`Page ${number}`} />}
      <Highlights host={host} citation={citation} number={number} size={size} zoom={zoom} />
      {error && <ErrorText>{`Page ${number} cannot be drawn: ${sentence(error)}`}</ErrorText>}
      <div className={paper.number}>{number}</div>
    </div>
  );
}
