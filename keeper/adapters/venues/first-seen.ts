/** When an answer first showed this of something: Unix seconds. */
export type FirstSeen = (about: string, content: string | number, answeredAtSeconds: number) => number;

/**
 * Dates what a venue states no time for: by the answer that showed it first. A feed that stands still grows old, although each of its
 * answers has just arrived.
 */
export function createFirstSeen(): FirstSeen {
  const seen = new Map<string, { readonly content: string | number; readonly atSeconds: number }>();
  return (about, content, answeredAtSeconds) => {
    const known = seen.get(about);
    if (known?.content === content) return known.atSeconds;
    seen.set(about, { content, atSeconds: answeredAtSeconds });
    return answeredAtSeconds;
  };
}
