import { readFile } from "node:fs/promises";
import { encodeBytes32String, getAddress, isAddress } from "ethers";
import { z } from "zod";

// One file per network in deploy/parameters. Fields named like the Solidity structs carry the same units (types/RiskParams.sol).

const MAX_SAFE_UINT = Number.MAX_SAFE_INTEGER;
const BYTES32_NAME_CHARACTERS = 31;

/** An address, or a value that the deployer still has to fill in, which is refused by its name. */
const notFilledIn = ({ input }: Readonly<{ input?: unknown }>): string =>
  typeof input === "string" ? `not an address: fill in ${input}` : "neither an address nor another choice";
const address = z
  .string()
  .refine((text) => isAddress(text), { error: notFilledIn })
  .transform((text) => getAddress(text));

/** Who: an address, or on a local chain the number of one of the connection's own accounts. */
const who = z.union([address, z.strictObject({ account: z.int().min(0) })], { error: notFilledIn });
const uint = z.int().min(0).max(MAX_SAFE_UINT);
const int = z.int();
/** A whole number of units too large for JSON's numbers, as text. */
const units = z
  .string()
  .regex(/^[0-9]+$/, "a whole number of units, as text")
  .transform(BigInt);
const token = z.union(
  [address, z.strictObject({ mock: z.strictObject({ symbol: z.string(), decimals: uint }) })],
  { error: notFilledIn },
);
const feed = z.union(
  [address, z.null(), z.strictObject({ mock: z.strictObject({ decimals: uint, answer: units }) })],
  { error: notFilledIn },
);
const name = z.string().min(1).max(BYTES32_NAME_CHARACTERS).transform(encodeBytes32String);

const MODELS = ["Default", "Static", "VolatilityScaled", "Tail", "Stress"] as const;
const TAIL_MEASURES = ["ValueAtRisk", "ExpectedShortfall", "WorseOfBoth"] as const;

const marketMargin = z.strictObject({
  market: uint,
  model: z.enum(MODELS).transform((model) => MODELS.indexOf(model)),
  staticShareBps: uint,
  staticFloorBps: uint,
  volatilityMultipleBps: uint,
  shortMinimumBps: uint,
  basisBps: uint,
  freeDepthBps: uint,
  concentrationBps: uint,
  concentrationCapBps: uint,
  dispersionToleranceBps: uint,
  dispersionMultipleBps: uint,
});

const stress = z.strictObject({
  name,
  weightBps: uint,
  volMultipleBps: uint,
  volFloorBps: uint,
  linearTwistBps: int,
  absoluteTwistBps: int,
  returnBps: z.array(int),
});

const margin = z.strictObject({
  varConfidenceBps: uint,
  esConfidenceBps: uint,
  tailMeasure: z.enum(TAIL_MEASURES).transform((measure) => TAIL_MEASURES.indexOf(measure)),
  horizonSeconds: uint,
  offsetTrustBps: uint,
  initialFactorBps: uint,
  volTermExponentBps: uint,
  volTermFloorSeconds: uint,
  heartbeatSeconds: uint,
  riskIncreaseAgeSeconds: uint,
  fallbackAgeSeconds: uint,
  stalenessBpsPerHour: uint,
  stalenessCapBps: uint,
  pegThresholdBps: uint,
  pegMultipleBps: uint,
  markets: z.array(marketMargin).min(1),
  stress: z.array(stress).min(1),
});

const marketOracle = z.strictObject({
  market: uint,
  minSpotE8: uint,
  maxSpotE8: uint,
  maxSpotChangeBps: uint,
  jumpSigmasBps: uint,
  jumpFloorBps: uint,
  minSigmaE9: uint,
  maxSigmaE9: uint,
  maxSigmaUpBps: uint,
  maxSigmaDownBpsPerHour: uint,
  minPsiE9: uint,
  maxPsiE9: uint,
  maxDispersionBps: uint,
  minForwardRatioE8: uint,
  maxForwardRatioE8: uint,
  minDiscountE9: uint,
  maxDiscountE9: uint,
  minAtmVolBps: uint,
  maxAtmVolBps: uint,
  feedBandBps: uint,
  feedHeartbeatSeconds: uint,
  feed,
});

const oracle = z.strictObject({
  maxReportAgeSeconds: uint,
  maxClockDriftSeconds: uint,
  minPegBps: uint,
  maxPegBps: uint,
  minScenarios: uint,
  maxScenarios: uint,
  sequencerFeed: z.union([address, z.null()], { error: notFilledIn }),
  sequencerGraceSeconds: uint,
  markets: z.array(marketOracle).min(1),
});

const liquidation = z.strictObject({
  targetHealthBps: uint,
  hardHealthBps: uint,
  costCapBps: uint,
  startCostBps: uint,
  rampCostBps: uint,
  rampSeconds: uint,
  capSeconds: uint,
  penaltyBps: uint,
  insolventHealthBps: uint,
  subsidySeconds: uint,
  dustNotionalE6: uint,
});

const HEX_32_BYTES = /^0x[0-9a-fA-F]{64}$/;
const bytes32 = z.string().refine((text) => HEX_32_BYTES.test(text), {
  error: ({ input }) => `not 32 bytes in hexadecimal: fill in ${String(input)}`,
});
const multiaddr = z.string().refine((text) => text.startsWith("/"), {
  error: ({ input }) => `not a multiaddr: fill in ${String(input)}`,
});

const keepers = z.strictObject({
  faults: uint,
  /** The first configuration, which needs no stake; the operators may join from the start. */
  entries: z
    .array(
      z.strictObject({ reportKey: who, networkKey: bytes32, endpoint: multiaddr, payee: who, operator: who }),
    )
    .min(1),
  overlapSeconds: uint,
  /** Hash of the protocol parameters that every keeper must run with; zero: none are agreed. */
  parametersHash: bytes32,
  stake: z.strictObject({
    minUnits: units,
    proverShareBps: uint,
    joinSeconds: uint,
    leaveSeconds: uint,
    rotationSeconds: uint,
    unbondingSeconds: uint,
  }),
  /** Units of the token for each signature of an accepted report. */
  rewardUnitsPerSignature: units,
  /** Whoever carries a report to the chain is paid like so many signatures. */
  rewardSharesPerCarriage: uint,
});

const schema = z.strictObject({
  /** Chain that the file is for. */
  chainId: uint,
  /** Name of each market id, for people. */
  markets: z.record(z.string().regex(/^[0-9]+$/), z.string()),
  roles: z.strictObject({ votesHolder: who, guardian: who, lister: who }),
  keepers,
  governance: z.strictObject({
    timelockDelaySeconds: uint,
    votingDelaySeconds: uint,
    votingPeriodSeconds: uint,
    proposalThresholdVotes: units,
    quorumPercent: uint,
  }),
  settlement: z.strictObject({ windowSeconds: uint, minSamples: uint, fallbackSeconds: uint }),
  coin: z.strictObject({ token, capUnits: units }),
  collateral: z.array(z.strictObject({ token, market: uint, haircutBps: uint, capUnits: units })),
  margin,
  oracle,
  liquidation,
});

export type DeployParameters = Readonly<z.infer<typeof schema>>;
export type Who = z.infer<typeof who>;
export type TokenChoice = z.infer<typeof token>;

/** Checks what a parameter file holds; the error names every field that is wrong or still to be filled in. */
export const parseParameters = (value: unknown): DeployParameters => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`The deployment parameters are not complete:\n${z.prettifyError(result.error)}`);
};

/** Reads deploy/parameters/<network>.json. */
export const loadParameters = async (network: string): Promise<DeployParameters> => {
  const path = new URL(`./parameters/${network}.json`, import.meta.url);
  return parseParameters(JSON.parse(await readFile(path, "utf8")));
};
