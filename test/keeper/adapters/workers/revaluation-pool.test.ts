import { expect } from "chai";
import {
  openRevaluationPool,
  type RevaluationPool,
} from "../../../../keeper/adapters/workers/revaluation-pool.ts";
import { simdKernel } from "../../../../keeper/adapters/workers/simd-kernel.ts";
import { candidateBytes, streamAccountTails } from "../../../../keeper/core/revaluation/account-tails.ts";
import { plainKernel } from "../../../../keeper/core/revaluation/kernel.ts";
import { planRevaluation } from "../../../../keeper/core/revaluation/plan.ts";
import { randomCases, randomWorld } from "../../../support/random-margin-cases.ts";
import { randomSource } from "../../../support/random-source.ts";
import { recordedScenarios } from "../../../support/recorded-scenarios.ts";

const BOOKS = 33;
const CHUNK = 64;
const CONFIDENCES = { varConfidenceBps: 9_900, esConfidenceBps: 9_750 };
const { context } = randomWorld(5);
const books = randomCases({ observed: [], context }, 6, BOOKS).map(({ book }) => book);
const plan = planRevaluation(books, context.report, context.params, recordedScenarios(1), context.now);

describe("simdKernel", () => {
  it("sums rows as the plain kernel does, whatever the number of positions", () => {
    const instruments = 9;
    const random = randomSource(4);
    const [simd, plain] = [simdKernel(instruments, CHUNK), plainKernel(instruments, CHUNK)];
    for (const place of plain.rows.keys()) plain.rows[place] = random.normal();
    simd.rows.set(plain.rows);
    for (let positions = 0; positions <= instruments; positions++) {
      const accounts = {
        offsets: Uint32Array.from([0, positions]),
        instruments: Uint32Array.from({ length: positions }, (_, entry) => (entry * 5) % instruments),
        sizes: Float64Array.from({ length: positions }, () => random.normal()),
      };
      plain.sum(accounts, 0, positions);
      simd.sum(accounts, 0, positions);
      for (const [scenario, sum] of plain.sums.entries())
        expect(simd.sums[scenario]).to.be.closeTo(sum, 1e-14);
    }
  });

  it("refuses a chunk that does not fill its vectors", () => {
    expect(() => simdKernel(1, 6)).to.throw(RangeError);
  });
});

describe("the revaluation pool", () => {
  let pool: RevaluationPool;
  before(() => {
    pool = openRevaluationPool(2);
  });
  after(async () => {
    await pool.close();
  });

  it("gives what one thread gives, in as many passes as memory allows, and reports progress", async () => {
    const kernel = simdKernel(plan.instruments.length, CHUNK);
    const stream = streamAccountTails(plan, { from: 0, to: BOOKS }, CONFIDENCES, kernel);
    let step = stream.next();
    while (step.done !== true) step = stream.next();
    const shares: number[] = [];
    const few = 5 * candidateBytes(plan.scenarios, CONFIDENCES);
    const tails = await pool.revalue(plan, CONFIDENCES, {
      onProgress: (share) => shares.push(share),
      candidateBytesPerWorker: few,
    });
    expect(tails).to.deep.equal(step.value);
    expect(await pool.revalue(plan, CONFIDENCES)).to.deep.equal(step.value);
    expect(shares.at(-1)).to.be.closeTo(1, 1e-12);
    expect(shares).to.deep.equal(shares.toSorted((left, right) => left - right));
  });

  it("stops when told to, with the caller's reason, and works on afterwards", async () => {
    const reason = new Error("no longer needed");
    await expectRejection(pool.revalue(plan, CONFIDENCES, { signal: AbortSignal.abort(reason) }), reason);
    const controller = new AbortController();
    const running = pool.revalue(plan, CONFIDENCES, {
      signal: controller.signal,
      candidateBytesPerWorker: 1,
      onProgress: () => {
        controller.abort(reason);
      },
    });
    await expectRejection(running, reason);
    expect((await pool.revalue(plan, CONFIDENCES)).valueAtRisk).to.have.length(BOOKS);
  });

  it("passes on what made a worker fail", async () => {
    const broken = { ...plan, instruments: plan.instruments.map((one) => ({ ...one, market: 7 })) };
    const failure = await pool.revalue(broken, CONFIDENCES).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error).with.property("message").that.includes("revaluation failed");
  });
});

async function expectRejection(promise: Promise<unknown>, reason: Error): Promise<void> {
  expect(await promise.catch((error: unknown) => error)).to.equal(reason);
}
