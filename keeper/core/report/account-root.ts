/** 0x-prefixed hexadecimal. */
type Hex = `0x${string}`;

/** Stands for no table: the oracle proves nothing under it. */
export const NO_ACCOUNT_ROOT: Hex = `0x${"00".repeat(32)}`;

/**
 * The account-risk root that more than half of the keepers name, none when there is no such root. With at most f liars among 2f + 1 or more at least
 * one honest keeper has named it.
 */
export function majorityRoot(roots: readonly Hex[]): Hex {
  const votes = new Map<Hex, number>();
  for (const root of roots) votes.set(root, (votes.get(root) ?? 0) + 1);
  const [named] = [...votes].find(([, count]) => 2 * count > roots.length) ?? [];
  return named ?? NO_ACCOUNT_ROOT;
}
