import type { Gossip, GossipMessage } from "../ports/gossip.ts";
import type { Hex } from "../ports/hex.ts";

/**
 * Starts listening, sends, and waits until `take` says that it has what it needs.
 * @throws the signal's reason when it aborts first
 */
export async function gather(
  gossip: Gossip,
  signal: AbortSignal,
  send: () => void,
  take: (from: Hex, message: GossipMessage) => boolean,
): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const unsubscribe = gossip.subscribe((from, message) => {
    if (take(from, message)) resolve(undefined);
  });
  const abort = () => {
    reject(signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    send();
    await promise;
  } finally {
    unsubscribe();
    signal.removeEventListener("abort", abort);
  }
}

/** Signatures in the order in which the registry wants them: rising by signer, exactly a quorum. */
export function orderSignatures(signatures: ReadonlyMap<Hex, Hex>, quorum: number): readonly Hex[] {
  return [...signatures]
    .sort(([a], [b]) => compareHex(a, b))
    .slice(0, quorum)
    .map(([, signature]) => signature);
}

/** Order of two hexadecimal numbers. */
export function compareHex(a: Hex, b: Hex): number {
  return BigInt(a) < BigInt(b) ? -1 : 1;
}
