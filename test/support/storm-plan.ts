// The storm that a network of processes lives through, drawn whole from one seed before it begins.
import { seededRandom, type SeededRandom } from "../../keeper/core/statistics/seeded-random.ts";
import { CONDUCTS, type Conduct } from "./chaos-conducts.ts";
import { NODE_CONDUCTS } from "./node-conducts.ts";
import { CALM_LINK, type LinkWeather } from "./tcp-weather.ts";

export interface StormOptions {
  readonly seed: number;
  /** 4, 7 ... */
  readonly keepers: number;
  readonly turns: number;
}

/** A keeper that counts as faulty all the time. */
export interface FaultyKeeper {
  readonly index: number;
  readonly conduct: Conduct;
  /** Of a liar's prices to the recorded ones. */
  readonly priceFactor: number;
  /** Of a wrong clock; it is wrong always, or jumps for the middle of the storm. */
  readonly clockOffsetSeconds: number;
  readonly clockJumps: boolean;
}

/** Where a process kills itself: right before or right after its n-th write to a table. */
export interface KillPoint {
  readonly table: string;
  readonly moment: "before" | "after";
  readonly nth: number;
}

/** What one turn of the storm brings: one blow or two, so that the keepers come to work between them. */
export interface Turn {
  readonly sky: Sky | "clear";
  /** Links that are not calm. */
  readonly links: readonly { readonly from: number; readonly to: number; readonly weather: LinkWeather }[];
  /** Pairs whose connections are ended in the course of the turn: what is under way in them is lost. */
  readonly drops: readonly (readonly [number, number])[];
  /** How one node of a keeper's three behaves, by name; all three of a keeper whose conduct is `bad-node`. */
  readonly nodes: readonly { readonly keeper: number; readonly conduct: string }[];
  /** Is ended with SIGKILL; when it comes back, it dies again at the point. */
  readonly kill: { readonly keeper: number; readonly then: KillPoint } | null;
  /** Blocks that are replaced; 0 for none. */
  readonly reorganise: number;
  /** The chain's node ends and starts again from what it wrote down. */
  readonly restartNode: boolean;
}

export interface StormPlan {
  readonly faulty: readonly FaultyKeeper[];
  readonly turns: readonly Turn[];
}

/** What comes together in a turn, and kinds of weather; of both each comes once before any comes again. */
const BLOWS = [
  ["sky"],
  ["kill"],
  ["reorganise"],
  ["sky", "reorganise"],
  ["kill"],
  ["kill", "reorganise"],
  ["sky", "kill"],
] as const satisfies readonly (readonly Blow[])[];
type Blow = "sky" | "kill" | "reorganise";
const SKIES = ["slow", "partition", "stall", "narrow", "flaky", "one-way"] as const;
type Sky = (typeof SKIES)[number];

/** The tables of a keeper's store, and the end of a transaction over several. */
const TABLES = ["signed_slot", "view", "final", "open_transaction", "transaction_outcome", "COMMIT"] as const;
const KILL_POINTS = TABLES.flatMap((table) =>
  (["before", "after"] as const).map((moment) => ({ table, moment })),
);
const KEEPERS_PER_FAULT = 3;
const MAX_NTH = 2;
const MAX_SKEW_SECONDS = 300;
const MIN_SKEW_SECONDS = 5;
/** Blocks that a reorganisation of the storm replaces at most. */
export const MAX_REORGANISATION = 10;
const MAX_DELAY_MS = 800;
const MIN_BYTES_PER_SECOND = 20_000;
const MAX_BYTES_PER_SECOND = 200_000;
const DROPS = 6;
const BAD_NODE_SHARE = 0.5;
/** Both large and within what honest keepers may differ by. */
const LIES = [0.01, 0.5, 0.99, 0.997, 1.003, 1.01, 2, 100] as const;
/** A hanging node costs a keeper its rounds until it is set aside, so that hanging is left to those that count as faulty. */
const HEALTHY_ENOUGH = Object.keys(NODE_CONDUCTS).filter((name) => name !== "hangs");

/** The same options draw the same storm. */
export function drawStorm({ seed, keepers, turns }: StormOptions): StormPlan {
  const random = seededRandom(seed);
  const faulty = drawFaulty(keepers, random);
  const honest = Array.from({ length: keepers }, (_, index) => index).filter(
    (index) => !faulty.some((each) => each.index === index),
  );
  const skies = inTurn(SKIES, random);
  const points = inTurn(KILL_POINTS, random);
  const depths = inTurn(
    Array.from({ length: MAX_REORGANISATION }, (_, index) => index + 1),
    random,
  );
  const blows = inTurn(BLOWS, random);
  return {
    faulty,
    turns: Array.from({ length: turns }, (_, turn) => {
      const now: readonly Blow[] = blows();
      const sky = now.includes("sky") ? skies() : "clear";
      const kill = { keeper: oneOf(honest, random), then: { ...points(), nth: 1 + random.index(MAX_NTH) } };
      return {
        sky,
        ...drawWeather(sky, keepers, random),
        nodes: drawNodes(honest, faulty, random),
        kill: now.includes("kill") ? kill : null,
        reorganise: now.includes("reorganise") ? depths() : 0,
        restartNode: turn === Math.floor(turns / 2),
      };
    }),
  };
}

function drawFaulty(keepers: number, random: SeededRandom): readonly FaultyKeeper[] {
  const count = Math.floor((keepers - 1) / KEEPERS_PER_FAULT);
  const conducts = inTurn(CONDUCTS, random);
  const indices = new Set<number>();
  while (indices.size < count) indices.add(random.index(keepers));
  return [...indices].map((index) => {
    const sign = random.uniform() < 1 / 2 ? -1 : 1;
    const skew = MIN_SKEW_SECONDS + random.index(MAX_SKEW_SECONDS - MIN_SKEW_SECONDS + 1);
    return {
      index,
      conduct: conducts(),
      priceFactor: oneOf(LIES, random),
      clockOffsetSeconds: sign * skew,
      clockJumps: random.uniform() < 1 / 2,
    };
  });
}

function drawWeather(sky: Turn["sky"], keepers: number, random: SeededRandom): Pick<Turn, "links" | "drops"> {
  const pairs = Array.from({ length: keepers * keepers }, (_, at) => ({
    from: Math.floor(at / keepers),
    to: at % keepers,
  })).filter(({ from, to }) => from !== to);
  const all = (weather: () => Partial<LinkWeather>): Turn["links"] =>
    pairs.map((pair) => ({ ...pair, weather: { ...CALM_LINK, ...weather() } }));
  const alone = random.index(keepers);
  const isSideA = pairs.map(() => random.uniform() < 1 / 2);
  switch (sky) {
    case "clear":
      return { links: [], drops: [] };
    case "slow":
      return { links: all(() => ({ delayMs: Math.round(random.uniform() * MAX_DELAY_MS) })), drops: [] };
    case "narrow": {
      const room = MAX_BYTES_PER_SECOND - MIN_BYTES_PER_SECOND;
      return { links: all(() => ({ bytesPerSecond: MIN_BYTES_PER_SECOND + random.index(room) })), drops: [] };
    }
    case "partition":
      return {
        links: pairs
          .filter(({ from, to }) => isSideA[from] !== isSideA[to])
          .map((pair) => ({ ...pair, weather: { ...CALM_LINK, isCut: true } })),
        drops: [],
      };
    case "stall":
      return {
        links: pairs
          .filter(({ from, to }) => from === alone || to === alone)
          .map((pair) => ({ ...pair, weather: { ...CALM_LINK, isStalled: true } })),
        drops: [],
      };
    case "one-way":
      return {
        links: pairs
          .filter(({ from }) => from === alone)
          .map((pair) => ({ ...pair, weather: { ...CALM_LINK, isStalled: true } })),
        drops: [],
      };
    case "flaky":
      return {
        links: [],
        drops: Array.from({ length: DROPS }, () => {
          const { from, to } = oneOf(pairs, random);
          return [from, to] as const;
        }),
      };
  }
}

function drawNodes(
  honest: readonly number[],
  faulty: readonly FaultyKeeper[],
  random: SeededRandom,
): Turn["nodes"] {
  const minority = honest
    .filter(() => random.uniform() < BAD_NODE_SHARE)
    .map((keeper) => ({ keeper, conduct: oneOf(HEALTHY_ENOUGH, random) }));
  const bad = faulty
    .filter(({ conduct }) => conduct === "bad-node")
    .map(({ index }) => ({ keeper: index, conduct: oneOf(Object.keys(NODE_CONDUCTS), random) }));
  return [...minority, ...bad];
}

function oneOf<T>(values: readonly T[], random: SeededRandom): T {
  const value = values[random.index(values.length)];
  if (value === undefined) throw new RangeError("there is nothing to choose from");
  return value;
}

/** Gives all values in a drawn order, then all in another. */
function inTurn<T>(values: readonly T[], random: SeededRandom): () => T {
  let left: T[] = [];
  return () => {
    if (left.length === 0) left = [...values];
    const [value] = left.splice(random.index(left.length), 1);
    if (value === undefined) throw new RangeError("there is nothing to choose from");
    return value;
  };
}
