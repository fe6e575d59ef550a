import { forgetOldest } from "../core/remembered.ts";
import type { Equivocation } from "../ports/prosecutor.ts";
import type { SignedHead } from "../ports/watch-chain.ts";

/** Remembers who signed what and finds who signed two things. */
export interface EquivocationFinder {
  /** Answers with the proof when the signer signed another report for the same digest, epoch and round; once for each. */
  note(signed: SignedHead): Equivocation | null;
}

/** Signatures that are remembered: the oldest are forgotten first. */
const MAX_REMEMBERED = 100_000;

export function createEquivocationFinder(maxRemembered = MAX_REMEMBERED): EquivocationFinder {
  const known = new Map<string, SignedHead>();
  const found = new Set<string>();
  return {
    note: (signed) => {
      const { configDigest, epoch, round } = signed.head;
      const name = `${signed.signer}/${configDigest}/${epoch.toString()}/${round.toString()}`;
      const first = known.get(name);
      if (first === undefined) {
        known.set(name, signed);
        forgetOldest(known, maxRemembered);
        return null;
      }
      if (first.hash === signed.hash || found.has(name)) return null;
      found.add(name);
      return { signer: signed.signer, first, second: signed };
    },
  };
}
