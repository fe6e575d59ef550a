/** What one transaction offers for a unit of gas (EIP-1559), in wei. */
export interface Fees {
  readonly maxFeePerGasWei: bigint;
  readonly maxPriorityFeePerGasWei: bigint;
}

/** What the chain asks now, in wei a unit of gas. */
export interface FeeMarket {
  readonly baseFeeWei: bigint;
  /** The node's suggestion for the part that the block's maker keeps. */
  readonly priorityFeeWei: bigint;
}

export interface FeePolicy {
  /** Most that is ever offered for a unit of gas. */
  readonly maxFeePerGasCapWei: bigint;
  /** Most that is ever offered to the block's maker for a unit of gas: unlike the rest of the fee, all of it is paid. */
  readonly maxPriorityFeePerGasCapWei: bigint;
  /** Least that the block's maker is offered. */
  readonly minPriorityFeeWei: bigint;
  /** Rise of both fees from one attempt to the next, in bps. At least 1,250: the strictest nodes take no replacement below 12.5 % more. */
  readonly replacementBumpBps: bigint;
}

/** Rise that every node accepts in a replacement, bps. Geth asks 10 %, others 12.5 %. */
export const MIN_REPLACEMENT_BUMP_BPS = 1_250n;

const BPS = 10_000n;
/** The offer stays above the base fee through six full blocks, each of which raises it by an eighth: 1.125^6 = 2.03. */
const BASE_FEE_HEADROOM = 2n;

/**
 * Fees of a first attempt: the tip over twice the base fee, or the cap where that is less.
 * @returns null when the cap lies below the base fee: no block would take the transaction
 */
export function firstFees(market: FeeMarket, policy: FeePolicy): Fees | null {
  if (policy.maxFeePerGasCapWei < market.baseFeeWei) return null;
  return wanted(market, policy);
}

/**
 * Fees of an attempt that replaces `previous` under the same nonce: what the market asks now, and at least the bump above `previous` in
 * both fields.
 * @returns null when the bump would pass a cap: then the transaction can only wait
 */
export function replacementFees(previous: Fees, market: FeeMarket, policy: FeePolicy): Fees | null {
  const leastFeeWei = bumpUp(previous.maxFeePerGasWei, policy);
  const leastTipWei = bumpUp(previous.maxPriorityFeePerGasWei, policy);
  if (leastFeeWei > policy.maxFeePerGasCapWei || policy.maxFeePerGasCapWei < market.baseFeeWei) return null;
  if (leastTipWei > policy.maxPriorityFeePerGasCapWei) return null;
  const fees = wanted(market, policy);
  const maxFeePerGasWei = larger(fees.maxFeePerGasWei, leastFeeWei);
  const tipWei = larger(fees.maxPriorityFeePerGasWei, leastTipWei);
  // The bumped tip keeps below the bumped fee because the tip was below the fee before; the market's keeps below the fee of `wanted`.
  return { maxFeePerGasWei, maxPriorityFeePerGasWei: smaller(tipWei, maxFeePerGasWei) };
}

/** The policy for effects: a bump below both caps, so that a cancellation under the whole caps can still take an effect's place. */
export function effectPolicy<P extends FeePolicy>(policy: P): P {
  const reduced = (capWei: bigint): bigint => (capWei * BPS) / (BPS + policy.replacementBumpBps);
  return {
    ...policy,
    maxFeePerGasCapWei: reduced(policy.maxFeePerGasCapWei),
    maxPriorityFeePerGasCapWei: reduced(policy.maxPriorityFeePerGasCapWei),
  };
}

function wanted({ baseFeeWei, priorityFeeWei }: FeeMarket, policy: FeePolicy): Fees {
  const tipWei = smaller(larger(priorityFeeWei, policy.minPriorityFeeWei), policy.maxPriorityFeePerGasCapWei);
  const maxFeePerGasWei = smaller(BASE_FEE_HEADROOM * baseFeeWei + tipWei, policy.maxFeePerGasCapWei);
  return { maxFeePerGasWei, maxPriorityFeePerGasWei: smaller(tipWei, maxFeePerGasWei) };
}

/** Rounded up, and by one wei at least: a node compares the whole number. */
function bumpUp(valueWei: bigint, { replacementBumpBps }: FeePolicy): bigint {
  const rise = (valueWei * replacementBumpBps + BPS - 1n) / BPS;
  return valueWei + larger(rise, 1n);
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
