/** What canonical JSON can write: bigints become decimal text. */
export type Canonical =
  string | number | boolean | bigint | null | readonly Canonical[] | { readonly [name: string]: Canonical };

/**
 * The one JSON text of a value: names in rising order, no white space, bigints as decimal text. Only for values of our own making: the
 * recursion is as deep as the value.
 */
export function canonicalJson(value: Canonical): string {
  if (typeof value === "bigint") return `"${value.toString()}"`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const fields = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`);
  return `{${fields.join(",")}}`;
}

function isList(value: readonly Canonical[] | object): value is readonly Canonical[] {
  return Array.isArray(value);
}
