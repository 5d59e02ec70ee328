/**
 * @module
 * Time axes that read well from half a second to a day: seconds, minutes or hours.
 */

export interface TimeUnit {
  readonly name: "s" | "min" | "h";
  readonly seconds: number;
}

/** Chooses the unit for a span: seconds to 5 minutes, minutes to 5 hours, then hours. */
export function timeUnit(durationS: number): TimeUnit {
  if (durationS <= 300) return { name: "s", seconds: 1 };
  if (durationS <= 18_000) return { name: "min", seconds: 60 };
  return { name: "h", seconds: 3600 };
}
