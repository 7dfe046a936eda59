/** The values that the server has written into the head of the page. */
export const fromServer = (name: string) => {
  const content = document.querySelector<HTMLMetaElement>(`meta[name=${name}]`)?.content;
  return content && !content.startsWith("%") ? content : "";
};

/** The path below which the page is opened, such as /columnist; "" at the root of a host. */
export const BASE = fromServer("base");
