import { CoreError } from "../errors.ts";
import { seededRandom } from "../statistics/seeded-random.ts";
import type { RoundId } from "./round-id.ts";

/** FNV-1a over 32 bits: offset basis and prime (Fowler, Noll and Vo, RFC 9923). */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The keepers in an order that a text keys: every keeper computes the same one. */
function permuted<T>(members: readonly T[], key: string): readonly T[] {
  const random = seededRandom(fnv1a(key));
  const order = [...members];
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.index(last + 1);
    const [a, b] = [order[last], order[other]];
    if (a !== undefined && b !== undefined) [order[last], order[other]] = [b, a];
  }
  return order;
}

function fnv1a(text: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash >>> 0;
}

/**
 * Which keeper leads an epoch. One order, keyed by the configuration, repeats: in any n consecutive epochs everyone leads once, so that f faulty
 * keepers never lead more than f times in a row.
 * @throws CoreError `argument-out-of-domain` when there are no keepers
 */
export function leaderOf<T>(epoch: bigint, keepers: readonly T[], configDigest: string): T {
  const place = keepers.length === 0 ? 0 : Number(epoch % BigInt(keepers.length));
  const leader = permuted(keepers, `leader/${configDigest}`)[place];
  if (leader === undefined)
    throw new CoreError("argument-out-of-domain", { name: "keepers", value: 0, min: 1 });
  return leader;
}

/** How many keepers transmit a round's report before this one: all of them before one that is no member. Each round has an order of its own. */
export function transmissionTurn<T>(
  member: T,
  { epoch, round }: RoundId,
  keepers: readonly T[],
  configDigest: string,
): number {
  const order = permuted(keepers, `transmit/${configDigest}/${epoch.toString()}/${round.toString()}`);
  const place = order.indexOf(member);
  return place < 0 ? order.length : place;
}
