// Speed of revaluing a whole house: the same work as the numpy script that the project measures itself against.
import { openRevaluationPool, type RevaluationPool } from "../../keeper/adapters/workers/revaluation-pool.ts";
import { simdKernel } from "../../keeper/adapters/workers/simd-kernel.ts";
import { plainKernel, type SumKernel } from "../../keeper/core/revaluation/kernel.ts";
import { streamAccountTails } from "../../keeper/core/revaluation/account-tails.ts";
import { priceInstruments } from "../../keeper/core/revaluation/instrument-pnl.ts";
import type { RevaluationPlan, RevaluedInstrument } from "../../keeper/core/revaluation/plan.ts";
import { MIN_TOTAL_VOL } from "../../keeper/core/report/grid.ts";
import { randomSource } from "../support/random-source.ts";
import type { SpeedEntry } from "./speed.ts";

const INSTRUMENTS = 500;
const SCENARIOS = 10_000;
const ACCOUNTS = 10_000;
const POSITIONS = 20;
const WORKERS = 2;
const CHUNK = 256;
const RUNS = 5;
const CONFIDENCES = { varConfidenceBps: 9_900, esConfidenceBps: 9_900 };
const MILLISECONDS_PER_SECOND = 1_000;
const DAY_YEARS = 1 / 365;
const STUDENT_DEGREES = 5;
/** Seconds that numpy 1.24 took for the same work on two cores, one thread for pricing and two for the accounts. */
const NUMPY_SECONDS = { pricing: 0.219, accounts: 2.34 } as const;

const SPOTS = [60_000, 3_000, 150, 0.5] as const;
const RETURN_SCALES = [0.03, 0.04, 0.06, 0.07] as const;
/** Loading of the markets on what they have in common: correlation 0.75. */
const COMMON_LOADING = Math.sqrt(0.75);

/** Four markets, options of random strikes and tenors, Student-t moves; sizes of random sign. */
export function benchmarkPlan(accounts = ACCOUNTS, scenarios = SCENARIOS): RevaluationPlan {
  const random = randomSource(11);
  const student = (): number => {
    let squares = 0;
    for (let degree = 0; degree < STUDENT_DEGREES; degree++) squares += random.normal() ** 2;
    return Math.sqrt(STUDENT_DEGREES / squares);
  };
  const returns = SPOTS.map(() => new Float64Array(scenarios));
  for (let scenario = 0; scenario < scenarios; scenario++) {
    const [common, scale] = [random.normal(), student()];
    for (const [market, column] of returns.entries()) {
      const own = Math.sqrt(1 - COMMON_LOADING ** 2) * random.normal();
      column[scenario] = (RETURN_SCALES[market] ?? 0) * scale * (COMMON_LOADING * common + own);
    }
  }
  const entries = accounts * POSITIONS;
  return {
    instruments: Array.from({ length: INSTRUMENTS }, (): RevaluedInstrument => {
      const market = random.integer(0, SPOTS.length - 1);
      const forward = SPOTS[market] ?? 1;
      const years = random.uniform(DAY_YEARS, 0.75);
      return {
        market,
        kind: random.chance(0.5) ? "call" : "put",
        forward,
        strike: forward * Math.exp(random.uniform(-0.5, 0.5)),
        discount: 1,
        totalVol: Math.max(MIN_TOTAL_VOL, random.uniform(0.4, 1.2) * Math.sqrt(years)),
        mark: 0.1 * forward,
        volTerm: Math.min(1.5, (30 / 365 / years) ** 0.3),
      };
    }),
    markets: returns.map((logReturns) => ({
      logReturns,
      volShocks: logReturns.map((move) => -0.5 * move + 0.05 * random.normal()),
    })),
    scenarios,
    accounts: {
      offsets: Uint32Array.from({ length: accounts + 1 }, (_, account) => account * POSITIONS),
      instruments: Uint32Array.from({ length: entries }, () => random.integer(0, INSTRUMENTS - 1)),
      sizes: Float64Array.from({ length: entries }, () => random.normal()),
    },
  };
}

async function bestSeconds(run: () => unknown): Promise<number> {
  let best = Infinity;
  for (let turn = 0; turn < RUNS; turn++) {
    const start = performance.now();
    await run();
    best = Math.min(best, (performance.now() - start) / MILLISECONDS_PER_SECOND);
  }
  return best;
}

function compared(name: string, seconds: number, peerSeconds: number): SpeedEntry {
  return {
    name,
    unit: "s",
    value: seconds,
    peer: "numpy, as published",
    peerValue: peerSeconds,
    ratio: seconds / peerSeconds,
  };
}

/** Best of some runs: pricing alone, the whole with two workers, and one core's sums on a tenth of the accounts by both kernels. */
export async function measureMassRevaluation(): Promise<readonly SpeedEntry[]> {
  const plan = benchmarkPlan();
  const rows = new Float64Array(INSTRUMENTS * CHUNK);
  const pricing = await bestSeconds(() => {
    for (let from = 0; from < SCENARIOS; from += CHUNK) {
      priceInstruments(plan, from, Math.min(SCENARIOS, from + CHUNK), rows, CHUNK);
    }
  });
  const pool: RevaluationPool = openRevaluationPool(WORKERS);
  const whole = await bestSeconds(() => pool.revalue(plan, CONFIDENCES));
  await pool.close();
  const tenth = (kernel: SumKernel): Promise<number> =>
    bestSeconds(() => {
      const stream = streamAccountTails(plan, { from: 0, to: ACCOUNTS / 10 }, CONFIDENCES, kernel);
      while (stream.next().done !== true);
    });
  return [
    compared("500 instruments x 10,000 scenarios, 1 core", pricing, NUMPY_SECONDS.pricing),
    compared("10,000 accounts' VaR and ES, 2 cores", whole, NUMPY_SECONDS.accounts),
    {
      name: "1,000 accounts, 1 core, vector code",
      unit: "s",
      value: await tenth(simdKernel(INSTRUMENTS, CHUNK)),
    },
    {
      name: "1,000 accounts, 1 core, plain code",
      unit: "s",
      value: await tenth(plainKernel(INSTRUMENTS, CHUNK)),
    },
  ];
}
