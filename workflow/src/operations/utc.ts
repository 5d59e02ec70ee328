/**
 * @module
 * Times as the tables of the workers have them: UTC, as the database writes them.
 */

/** Now, to the microsecond. */
export function utcNow(): string {
  const micros = Math.floor((performance.now() % 1) * 1000);
  return `${utc(Date.now())}${`${micros}`.padStart(3, "0")}`;
}

/** `2026-01-05 10:11:12.345`. */
export function utc(ms: number): string {
  return new Date(ms).toISOString().replace("T", " ").replace("Z", "");
}

/** Milliseconds since 1970 of such a text. */
export function msOfUtc(text: string): number {
  return Date.parse(`${text.replace(" ", "T")}Z`);
}
