/**
 * @module
 * The endpoint of an S3 server as people write it: a URL, or `host:port` as datajoint-python has it.
 */

/**
 * A URL of an endpoint; undefined for Amazon's own, whose regional addresses the client knows better (the platform's configurations say
 * `s3.amazonaws.com:9000`, a port that Amazon does not have), and for what is none.
 *
 * @param isSecure  `https` when the text does not say
 */
export function readS3Endpoint(text: string, isSecure: boolean): string | undefined {
  const written = /^https?:\/\//i.test(text) ? text : `${isSecure ? "https" : "http"}://${text}`;
  const url = URL.parse(written);
  if (url === null || url.hostname === "" || /(^|\.)amazonaws\.com(\.cn)?$/i.test(url.hostname))
    return undefined;
  return url.pathname === "/" ? url.origin : `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
