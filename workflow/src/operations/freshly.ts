/**
 * @module
 * A reading that many ask for at once: asked again only when the last answer is older than some time.
 */

/** Makes the reader. An answer that failed is none. */
export function freshly<T>(ms: number, read: () => Promise<T>): () => Promise<T> {
  let last: { readonly askedMs: number; readonly answer: Promise<T> } | undefined;
  return () => {
    if (last !== undefined && performance.now() - last.askedMs < ms) return last.answer;
    const asked = { askedMs: performance.now(), answer: read() };
    last = asked;
    asked.answer.catch(() => {
      if (last === asked) last = undefined;
    });
    return asked.answer;
  };
}
