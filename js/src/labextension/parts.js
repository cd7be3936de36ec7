// An output that comes in parts, because a Jupyter server passes on only so much at once.

/**
 * Gathers parts, by what they belong to; tells the whole once all are there.
 * @param {(id: string, whole: Record<string, unknown>) => void} done
 */
export function gatherer(done) {
  /** @type {Map<string, Map<number, BlobPart>>} */
  const open = new Map();

  /**
   * @param {{ id: string, part: number, parts: number }} message
   * @param {DataView | undefined} buffer
   */
  return async (message, buffer) => {
    if (!buffer) return;
    const parts = open.get(message.id) ?? new Map();
    open.set(message.id, parts);
    parts.set(message.part, buffer);
    if (parts.size < message.parts) return;
    open.delete(message.id);
    const whole = new Blob([...parts].sort(([a], [b]) => a - b).map(([, each]) => each));
    const text = await new Response(
      whole.stream().pipeThrough(new DecompressionStream("deflate")),
    ).text();
    done(message.id, JSON.parse(text));
  };
}
