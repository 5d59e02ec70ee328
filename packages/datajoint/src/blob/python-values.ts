/**
 * @module
 * Classes for values of Python that JavaScript has no literal for, so that a Python reader sees what was meant.
 *
 * What a newcomer would get wrong: a `number` that is an integer packs as `int`, because Python users index with it; wrap it in `Float`
 * to have `1.0`. A JavaScript `Date` is refused everywhere: it is an instant, and blobs hold wall-clock times without a zone.
 */
import { BlobError } from "../errors.ts";

/** A Python `float`, also when its value is an integer. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  valueOf(): number {
    return this.value;
  }
}

/** A Python `complex`. */
export class Complex {
  readonly re: number;
  readonly im: number;
  constructor(re: number, im: number) {
    this.re = re;
    this.im = im;
  }
}

/** A Python `tuple`: an array that packs as one. Its `map`, `filter` and `slice` give plain arrays. */
export class Tuple<T = unknown> extends Array<T> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
  /** Makes a tuple of the items; `new Tuple(3)` would make three holes, as with `Array`. */
  static make<T>(items: Iterable<T>): Tuple<T> {
    const tuple = new Tuple<T>();
    for (const item of items) tuple.push(item);
    return tuple;
  }
}

const DECIMAL = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|Inf(?:inity)?|s?NaN\d*)$/i;

/** A Python `Decimal`, as its text (`123.4500`, `-1E+3`, `NaN`). @throws BlobError when Python could not read the text */
export class Decimal {
  readonly text: string;
  constructor(text: string) {
    if (!DECIMAL.test(text))
      throw new BlobError(`"${text}" is not a decimal number, such as "123.4500" or "-1E+3".`);
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A Python `UUID`, as lower-case hyphenated text. @throws BlobError when the text is none */
export class Uuid {
  readonly text: string;
  constructor(text: string) {
    const lower = text.toLowerCase();
    if (!UUID.test(lower))
      throw new BlobError(`"${text}" is not a UUID of the form 8-4-4-4-12 hexadecimal digits.`);
    this.text = lower;
  }
  toString(): string {
    return this.text;
  }
}

const MOMENT = /^(?:(\d{4})-(\d\d)-(\d\d))?(?:(?:^|[ T])(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/;

/**
 * A Python `date` ("2021-03-04"), `time` ("13:05:09.123456") or `datetime` ("2021-03-04 13:05:09.123456"), as text without a zone.
 *
 * @throws BlobError when the text is none of the three, or names a day that is not in the calendar (years 1 to 9999)
 */
export class DateTime {
  readonly text: string;
  /** year * 10000 + month * 100 + day; -1 without a date. */
  readonly date: number;
  /** ((hour * 100 + minute) * 100 + second) * 1e6 + microsecond; -1 without a time. */
  readonly time: number;

  constructor(text: string) {
    const match = MOMENT.exec(text);
    if (match === null || text === "") {
      throw new BlobError(
        `"${text}" is not a date, time or both: expected "2021-03-04", "13:05:09.123456" or both with a blank.`,
      );
    }
    const [, year, month, day, hour, minute, second, fraction = ""] = match;
    this.date = year === undefined ? -1 : Number(year) * 10000 + Number(month) * 100 + Number(day);
    this.time =
      hour === undefined
        ? -1
        : (Number(hour) * 10000 + Number(minute) * 100 + Number(second)) * 1e6 +
          Number(fraction.padEnd(6, "0"));
    if (!isCalendarDay(this.date) || !isTimeOfDay(this.time)) {
      throw new BlobError(
        `"${text}" is not in the calendar: month 1-12, day of that month, hour 0-23, minute and second 0-59.`,
      );
    }
    this.text = momentText(this.date, this.time);
  }

  /** Reads the two numbers of a blob. @throws BlobError with `offset` when they are no date or time */
  static fromNumbers(date: number, time: number, offset: number): DateTime {
    if (
      (date === -1 && time === -1) ||
      date < -1 ||
      time < -1 ||
      !isCalendarDay(date) ||
      !isTimeOfDay(time)
    ) {
      throw new BlobError(
        `Date ${date} and time ${time} at byte ${offset} of the blob are not a date, time or both.`,
        offset,
      );
    }
    return new DateTime(momentText(date, time));
  }

  toString(): string {
    return this.text;
  }
}

function isCalendarDay(date: number): boolean {
  if (date === -1) return true;
  const [year, month, day] = [Math.floor(date / 10000), Math.floor(date / 100) % 100, date % 100];
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
  // the proleptic Gregorian calendar repeats every 400 years, and Date.UTC takes years below 100 for 19xx
  return day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

function isTimeOfDay(time: number): boolean {
  if (time === -1) return true;
  const clock = Math.floor(time / 1e6);
  return Math.floor(clock / 10000) < 24 && Math.floor(clock / 100) % 100 < 60 && clock % 100 < 60;
}

function momentText(date: number, time: number): string {
  const parts: string[] = [];
  const digits = (value: number, width: number) => String(value).padStart(width, "0");
  if (date !== -1) {
    parts.push(
      [
        digits(Math.floor(date / 10000), 4),
        digits(Math.floor(date / 100) % 100, 2),
        digits(date % 100, 2),
      ].join("-"),
    );
  }
  if (time !== -1) {
    const clock = Math.floor(time / 1e6);
    const micros = time % 1e6;
    const text = [Math.floor(clock / 10000), Math.floor(clock / 100) % 100, clock % 100]
      .map((n) => digits(n, 2))
      .join(":");
    parts.push(micros === 0 ? text : `${text}.${digits(micros, 6)}`);
  }
  return parts.join(" ");
}
