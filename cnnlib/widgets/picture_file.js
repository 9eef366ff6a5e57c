// The reader's own picture: chosen or dropped, drawn small, and never sent anywhere.
import { h, say } from "./dom.js";

const MOST_BYTES = 20e6;
const MOST_PIXELS = 40e6; // a decoded picture takes four bytes a pixel

// text: choose, not_a_picture, too_large, empty. take(pixels, name) gets a function (rows, columns) -> RGBA bytes,
// the picture's middle cut to that shape; refuse(sentence) is told why a file cannot be used.
export function pictureFile({ text, take, refuse }) {
  const field = h("input", {
    type: "file", accept: "image/*", class: "cw-file",
    onchange: () => { if (field.files[0]) open(field.files[0]); field.value = ""; },
  });
  const element = h("label", { class: "cw-drop",
    ondragover: (event) => event.preventDefault(),
    ondrop: (event) => { event.preventDefault(); if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]); },
  }, text.choose, field);

  function open(file) {
    if (file.size > MOST_BYTES) return refuse(say(text.too_large, { name: file.name }));
    const image = new Image();
    const address = URL.createObjectURL(file);
    const done = (tell) => { URL.revokeObjectURL(address); tell(); };
    image.onerror = () => done(() => refuse(say(text.not_a_picture, { name: file.name })));
    image.onload = () => done(() => {
      const [width, height] = [image.naturalWidth, image.naturalHeight]; // known before the pixels are unpacked
      if (!width || !height) refuse(say(text.empty, { name: file.name }));
      else if (width * height > MOST_PIXELS) refuse(say(text.too_large, { name: file.name }));
      else take((rows, columns) => cut(image, rows, columns), file.name);
    });
    image.src = address;
  }
  return { element, open };
}

// The largest middle part of that shape, scaled down by halves first, so that no pixel is skipped.
function cut(image, rows, columns) {
  const scale = Math.min(image.naturalWidth / columns, image.naturalHeight / rows);
  let [width, height] = [columns * scale, rows * scale];
  let [source, x, y] = [image, (image.naturalWidth - width) / 2, (image.naturalHeight - height) / 2];
  while (width > 2 * columns) {
    const half = draw(source, x, y, width, height, Math.ceil(width / 2), Math.ceil(height / 2));
    [source, x, y, width, height] = [half.canvas, 0, 0, half.canvas.width, half.canvas.height];
  }
  return draw(source, x, y, width, height, columns, rows).getImageData(0, 0, columns, rows).data;
}

function draw(source, x, y, width, height, columns, rows) {
  const context = h("canvas", { width: columns, height: rows }).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white"; // under what is transparent
  context.fillRect(0, 0, columns, rows);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, x, y, width, height, 0, 0, columns, rows);
  return context;
}
