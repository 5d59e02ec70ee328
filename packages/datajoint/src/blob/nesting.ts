/**
 * @module
 * How deep values may be nested in a blob, for reader and writer alike.
 */

/** Python's reader gives up near 500 (two calls a level, 1000 allowed); a broken or circular value ends here too, not in a stack overflow. */
export const DEEPEST = 480;
