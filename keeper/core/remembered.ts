/** A map or a set, in the order in which its entries were put into it. */
interface Held<K> {
  readonly size: number;
  keys(): Iterable<K>;
  delete(key: K): boolean;
}

/** Takes the oldest entry out when there are more than `kept`. */
export function forgetOldest<K>(held: Held<K>, kept: number): void {
  if (held.size <= kept) return;
  for (const oldest of held.keys()) {
    held.delete(oldest);
    return;
  }
}

/** The same function, whose newest `kept` answers are not computed again. */
export function remembered<Words extends readonly string[], Answer extends object | string | null>(
  compute: (...words: Words) => Answer,
  kept: number,
): (...words: Words) => Answer {
  const answers = new Map<string, Answer>();
  return (...words) => {
    const name = words.join("/");
    const known = answers.get(name);
    if (known !== undefined) return known;
    const answer = compute(...words);
    answers.set(name, answer);
    forgetOldest(answers, kept);
    return answer;
  };
}
