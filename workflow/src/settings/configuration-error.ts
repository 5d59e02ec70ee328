/** @module The error of settings that cannot be used. */

/** Thrown when the configuration cannot be used; `key` is the dotted name, `where` the file or variable. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly key: string;
  readonly where: string;
  constructor(message: string, key: string, where: string, options?: ErrorOptions) {
    super(message, options);
    this.key = key;
    this.where = where;
  }
}

/** What a setting must be and what it is; a password is never shown. */
export function wrongSetting(key: string, expected: string, got: unknown, where: string): ConfigurationError {
  const shown = /password|secret/.test(key) ? "something else" : JSON.stringify(got);
  return new ConfigurationError(`${where}: '${key}' must be ${expected}, got ${shown}.`, key, where);
}
