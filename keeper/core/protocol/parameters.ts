import { CoreError } from "../errors.ts";

/** What all keepers of one network must agree on; docs/keeper-network.md explains how the values hang together. */
export interface ProtocolParameters {
  /** Length of a slot: one round at most is agreed in each, unless its leader is replaced. */
  readonly slotSeconds: number;
  /** Slots after which the next leader's turn comes. */
  readonly slotsPerEpoch: number;
  /** A leader whose slot is not decided by then is to be replaced. */
  readonly progressMs: number;
  /** Time between two sendings of the same message while its answer is missing. */
  readonly resendMs: number;
  /** How long a leader with a quorum of observations waits for the rest. */
  readonly graceMs: number;
  /** Largest distance between the clocks of two keepers at which they still work together. */
  readonly maxClockOffsetSeconds: number;
  /** Time between the turns of two keepers to transmit. */
  readonly stageMs: number;
  /** A report is due at the latest so long after the one before. */
  readonly heartbeatSeconds: number;
  /** A report is due when a spot or a forward moved so far. */
  readonly spotDeviationBps: bigint;
  /** A report is due when a volatility forecast moved so far. */
  readonly forecastDeviationBps: bigint;
  /** A signed report that the chain does not show counts as on its way for so long. */
  readonly transmissionSeconds: number;
}

export const DEFAULT_PARAMETERS: ProtocolParameters = {
  slotSeconds: 15,
  slotsPerEpoch: 20,
  progressMs: 10_000,
  resendMs: 1_000,
  graceMs: 150,
  maxClockOffsetSeconds: 6,
  stageMs: 8_000,
  heartbeatSeconds: 300,
  spotDeviationBps: 25n,
  forecastDeviationBps: 200n,
  transmissionSeconds: 60,
};

/**
 * Time about an observation, before or after it, within which a keeper reads the price feed that it signs against. A proof of a wrong spot spans as
 * much (KeeperSlashing.SPOT_SLACK_SECONDS): who signs later may be slashed for what the feed answered then.
 */
export const SPOT_SLACK_SECONDS = 60;

const MILLISECONDS = 1_000;
/** What the text is and the version of its form. */
const TEXT_TAG = "ballast-keeper/parameters/1";

/** The one text of a set of parameters, which the registry holds the keccak256 of: a tag, then `name=value` in rising order of name, by lines. */
export function parametersText(parameters: ProtocolParameters): string {
  const names = (Object.keys(DEFAULT_PARAMETERS) as (keyof ProtocolParameters)[]).sort();
  return [TEXT_TAG, ...names.map((name) => `${name}=${parameters[name].toString()}`)].join("\n");
}

/**
 * @throws CoreError `argument-out-of-domain` when a leader would be replaced before the slowest clock begins its slot, a slot would end
 * before its leader can be replaced, or a proposal would come too late to be signed safely
 */
export function requireConsistent(parameters: ProtocolParameters): void {
  const { slotSeconds, progressMs, maxClockOffsetSeconds, resendMs, graceMs } = parameters;
  const min = maxClockOffsetSeconds * MILLISECONDS + resendMs + graceMs;
  const max = Math.min(slotSeconds, SPOT_SLACK_SECONDS - 2 * maxClockOffsetSeconds) * MILLISECONDS;
  if (progressMs <= min || progressMs >= max)
    throw new CoreError("argument-out-of-domain", {
      name: "progressMs",
      value: progressMs,
      above: min,
      below: max,
    });
}

/** The slot that a time lies in; a round bears the number of its slot. */
export function slotAt(seconds: number, { slotSeconds }: Pick<ProtocolParameters, "slotSeconds">): number {
  return Math.floor(seconds / slotSeconds);
}
