/**
 * @module
 * Writes indexed PNG images (one byte a pixel, 256 colours, one of them transparent): what a dense scatter plot or a spectrogram is.
 *
 * Source: PNG (Third Edition), W3C Recommendation 2025: signature, IHDR, PLTE, tRNS, IDAT (filter 0 on each row), IEND.
 */
import { crc32, deflateSync } from "node:zlib";

export interface IndexedImage {
  readonly width: number;
  readonly height: number;
  /** Uint8Array [height x width], row by row from the top; indices into the palette. */
  readonly pixels: Uint8Array;
  /** Uint8Array [256 x 3], red, green, blue. */
  readonly palette: Uint8Array;
}

/** The palette's last entry is always drawn transparent. */
export const TRANSPARENT = 255;

/** Encodes an image as PNG. @throws RangeError when an array does not have the size that the image says */
export function encodePng(image: IndexedImage): Uint8Array {
  const { width, height, pixels, palette } = image;
  if (pixels.length !== width * height || palette.length !== 768 || width < 1 || height < 1)
    throw new RangeError(
      `encodePng: ${width} x ${height} pixels need ${width * height} bytes and a palette of 768, got ${pixels.length} and ${palette.length}`,
    );
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8; // bits a pixel
  header[9] = 3; // indexed
  const alpha = new Uint8Array(256).fill(255);
  alpha[TRANSPARENT] = 0;
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("PLTE", palette),
    chunk("tRNS", alpha),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** The image as a `data:` URL, to embed in SVG. */
export function pngDataUrl(image: IndexedImage): string {
  return `data:image/png;base64,${Buffer.from(encodePng(image)).toString("base64")}`;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, "latin1");
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, data.length + 8)), data.length + 8);
  return out;
}
