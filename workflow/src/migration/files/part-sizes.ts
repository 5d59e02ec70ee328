/**
 * @module
 * Part sizes that a multipart etag may have been made with. The etag `md5-N` is the md5 of the parts' md5s; N and the object's size leave
 * few sizes that uploaders use, so each is tried (contract: pipeline.md 8.4).
 */

const MiB = 2 ** 20;
/** What uploaders use: the AWS tools 8 MiB, djsciops 64 MiB, boto 5 to 16, rclone 5, s3cmd 15, others powers of two; some count in millions. */
const known = [
  ...[
    5, 6, 7, 8, 10, 12, 15, 16, 20, 24, 25, 30, 32, 40, 48, 50, 60, 64, 75, 80, 96, 100, 120, 128, 150, 160,
  ],
  ...[
    192, 200, 250, 256, 300, 320, 384, 400, 500, 512, 640, 768, 1000, 1024, 1280, 1536, 2048, 2560, 3072,
    4096, 5120,
  ],
].flatMap((size) => [size * MiB, size * 1e6]);
/** More candidates than these are not hashed at once: each costs an md5 of the whole object. */
const most = 6;

/** The number of parts of a multipart etag, or undefined when it is none. */
export function partCountOf(etag: string): number | undefined {
  const match = /^[0-9a-f]{32}-([1-9]\d{0,4})$/i.exec(etag);
  return match === null ? undefined : Number(match[1]);
}

/**
 * Part sizes to try, likeliest first.
 *
 * @param size  of the object, bytes
 * @param told  the size of its first part, bytes, where the server says it
 */
export function candidatePartSizes(size: number, partCount: number, told?: number): readonly number[] {
  const fits = (part: number) => Math.ceil(size / part) === partCount;
  if (told !== undefined && fits(told)) return [told];
  if (partCount === 1) return [Math.max(size, 1)];
  const fitting = known.filter(fits);
  // the AWS tools double 8 MiB until there are at most 10 000 parts, and round up to whole MiB
  const even = Math.ceil(size / partCount / MiB) * MiB;
  const all = fits(even) ? [...fitting, even] : fitting;
  const rank = (part: number) => (Number.isInteger(Math.log2(part)) ? 0 : part % MiB === 0 ? 1 : 2);
  return [...new Set(all)].sort((a, b) => rank(a) - rank(b) || a - b).slice(0, most);
}
