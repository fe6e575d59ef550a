import type { Equivocation } from "../../ports/prosecutor.ts";
import type { SigningDomain } from "../../ports/signer.ts";
import type { Configurations, SignedHead } from "../../ports/watch-chain.ts";
import { hashHead, recover } from "./wallet-signer.ts";

/** Whether what somebody showed proves that a keeper signed two reports for one round, as the contract would see it. */
export function provesEquivocation(
  { signer, first, second }: Equivocation,
  domain: SigningDomain,
  configurations: Configurations,
): boolean {
  const isSigned = ({ head, hash, signature }: SignedHead) =>
    hashHead(domain, head) === hash && recover(hash, signature) === signer;
  const isOneRound =
    first.head.configDigest === second.head.configDigest &&
    first.head.epoch === second.head.epoch &&
    first.head.round === second.head.round;
  const isKeeper = configurations.get(first.head.configDigest)?.keepers.includes(signer) === true;
  return isKeeper && isOneRound && first.hash !== second.hash && isSigned(first) && isSigned(second);
}
