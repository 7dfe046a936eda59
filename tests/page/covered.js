// What lies under the highlights: the share of dark pixels on the canvas or picture, and the words of the text layer.
() => {
  const boxes = [...document.querySelectorAll('.Paper-highlight')].map((one) => one.getBoundingClientRect());
  const drawn = document.querySelector('.Paper-highlight').parentElement.querySelector('canvas, img');
  const at = drawn.getBoundingClientRect();
  let canvas = drawn;
  if (drawn.naturalWidth) {
    canvas = Object.assign(document.createElement('canvas'), { width: drawn.naturalWidth, height: drawn.naturalHeight });
    canvas.getContext('2d').drawImage(drawn, 0, 0);
  }
  const scale = canvas.width / at.width;
  let dark = 0, all = 0;
  for (const box of boxes) {
    const place = [box.x - at.x, box.y - at.y, box.width, box.height].map((one) => one * scale);
    const { data } = canvas.getContext('2d').getImageData(...place);
    for (let i = 0; i < data.length; i += 4) { all++; if (data[i] < 128) dark++; }
  }
  const inside = (x, y) =>
    boxes.some((box) => x >= box.left - 1 && x <= box.right + 1 && y >= box.top - 2 && y <= box.bottom + 2);
  let text = '';
  for (const span of document.querySelectorAll('.PdfPages-textLayer span')) {
    const node = span.firstChild;
    if (!node || node.nodeType !== 3) continue;
    for (const match of node.data.matchAll(/\S+/g)) {
      const range = document.createRange();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      const box = range.getBoundingClientRect();
      if (inside((box.left + box.right) / 2, (box.top + box.bottom) / 2)) text += match[0] + ' ';
    }
  }
  return { ink: dark / all, text };
}
