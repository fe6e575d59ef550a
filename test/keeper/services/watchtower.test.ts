import { expect } from "chai";
import { aggregateObservations } from "../../../keeper/core/report/aggregate.ts";
import type { Observation } from "../../../keeper/core/report/aggregate.ts";
import type { Clock } from "../../../keeper/ports/clock.ts";
import { asHex } from "../../../keeper/ports/hex.ts";
import type { SignedHead, SubmittedReport, WatchChain } from "../../../keeper/ports/watch-chain.ts";
import { createEquivocationFinder } from "../../../keeper/services/equivocations.ts";
import { createWatchtower } from "../../../keeper/services/watchtower.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { honestObservation } from "../../support/keeper-round.ts";

const hash = (digits: string) => asHex(`0x${digits.repeat(32)}`);
const NOW = 1_770_000_000;
const ALICE = asHex(`0x${"a1".repeat(20)}`);
const BOB = asHex(`0x${"b2".repeat(20)}`);

function signedHead(signer: typeof ALICE, payload: string, epoch = 1n, digest = "dd"): SignedHead {
  const head = {
    configDigest: hash(digest),
    epoch,
    round: 0,
    observedAt: NOW,
    blockNumber: 1n,
    blockHash: hash("bb"),
    payloadHash: hash(payload),
  };
  return { head, hash: hash(payload), signature: "0x", signer };
}

function submitted(changes: Partial<SubmittedReport> = {}): SubmittedReport {
  const { payloadHash, ...head } = signedHead(ALICE, "01").head;
  const report = { ...head, accountRoot: payloadHash, ...aggregateObservations([honestObservation(1)]) };
  return { transaction: hash("ee"), blockNumber: 5n, isAccepted: true, report, signatures: [], ...changes };
}

function watching(reports: readonly SubmittedReport[], prove: WatchChain["proveEquivocation"]) {
  const ranges: (readonly bigint[])[] = [];
  let head = 10n;
  const chain: WatchChain = {
    headNumber: () => Promise.resolve(head),
    submissions: (first, last) => {
      ranges.push([first, last]);
      return Promise.resolve(
        reports.filter(({ blockNumber }) => blockNumber >= first && blockNumber <= last),
      );
    },
    proveEquivocation: prove,
  };
  return { chain, ranges, moveTo: (number: bigint) => (head = number) };
}

const clock = { nowSeconds: () => NOW + 30 };

describe("two signatures", () => {
  it("prove an equivocation once when one key signed two reports for one round", () => {
    const finder = createEquivocationFinder();
    expect(finder.note(signedHead(ALICE, "01"))).to.equal(null);
    expect(finder.note(signedHead(ALICE, "01"))).to.equal(null);
    const found = finder.note(signedHead(ALICE, "02"));
    expect([found?.signer, found?.first.hash, found?.second.hash]).to.deep.equal([
      ALICE,
      hash("01"),
      hash("02"),
    ]);
    expect(finder.note(signedHead(ALICE, "03"))).to.equal(null);
  });

  it("of two keys, two rounds or two configurations prove nothing", () => {
    const finder = createEquivocationFinder();
    finder.note(signedHead(ALICE, "01"));
    expect(finder.note(signedHead(BOB, "02"))).to.equal(null);
    expect(finder.note(signedHead(ALICE, "02", 2n))).to.equal(null);
    expect(finder.note(signedHead(ALICE, "02", 1n, "ee"))).to.equal(null);
  });

  it("are forgotten when too many came after", () => {
    const finder = createEquivocationFinder(1);
    finder.note(signedHead(ALICE, "01"));
    finder.note(signedHead(BOB, "01"));
    expect(finder.note(signedHead(ALICE, "02"))).to.equal(null);
    expect(finder.note(signedHead(ALICE, "03"))?.first.hash).to.equal(hash("02"));
  });
});

describe("a watchtower", () => {
  const twice = [
    submitted({ signatures: [signedHead(ALICE, "01"), signedHead(BOB, "01")] }),
    submitted({ isAccepted: false, signatures: [signedHead(ALICE, "02")] }),
  ];

  it("reads every block once", async () => {
    const { chain, ranges, moveTo } = watching([], () => Promise.resolve(hash("ff")));
    const round = createWatchtower({ chain, clock, telemetry: recordingTelemetry(), observe: null }, 3n);
    await round();
    moveTo(12n);
    await round();
    moveTo(9_000n);
    await round();
    await round();
    expect(ranges).to.deep.equal([
      [3n, 10n],
      [11n, 12n],
      [13n, 2_012n],
      [2_013n, 4_012n],
    ]);
  });

  it("tries a proof again when the node was away, and gives up after some rounds", async () => {
    let calls = 0;
    const flaky = watching(twice, () => {
      calls++;
      return calls < 3 ? Promise.reject(new Error("no node")) : Promise.resolve(hash("ff"));
    });
    const telemetry = recordingTelemetry();
    const round = createWatchtower({ chain: flaky.chain, clock, telemetry, observe: null }, 0n);
    const proven: number[] = [];
    for (let i = 0; i < 4; i++) proven.push((await round()).proven);
    expect(proven).to.deep.equal([0, 0, 1, 0]);
    expect(telemetry.lines.map(({ event }) => event)).to.deep.equal([
      "equivocation-not-proven",
      "equivocation-not-proven",
      "equivocation-proven",
    ]);
    calls = -1_000;
    const hopeless = watching(twice, (first, second) => flaky.chain.proveEquivocation(first, second));
    const again = createWatchtower({ chain: hopeless.chain, clock, telemetry, observe: null }, 0n);
    for (let i = 0; i < 9; i++) await again();
    expect(calls).to.equal(-1_000 + 5);
  });

  const comparing = async (
    report: SubmittedReport,
    observe: () => Promise<Observation>,
    at: Clock = clock,
  ) => {
    const { chain } = watching([report], () => Promise.resolve(hash("ff")));
    const telemetry = recordingTelemetry();
    const { deviating, uncompared } = await createWatchtower({ chain, clock: at, telemetry, observe }, 0n)();
    return { deviating, uncompared, lines: telemetry.lines };
  };
  const seeing = (factor: number) => () => Promise.resolve(honestObservation(factor));

  it("compares accepted reports of now with its own view", async () => {
    const refused = submitted({ isAccepted: false });
    for (const [report, factor, deviating] of [
      [submitted(), 1.01, 0],
      [submitted(), 1.05, 1],
      [submitted(), 0.95, 1],
      [refused, 1.05, 0],
    ] as const) {
      const result = await comparing(report, seeing(factor));
      expect([result.deviating, result.uncompared]).to.deep.equal([deviating, 0]);
      expect(result.lines.length > 0).to.equal(deviating > 0);
    }
  });

  it("compares the forecasts too", async () => {
    for (const [sigmaTimes, deviating] of [
      [1.24, 0],
      [1.26, 1],
    ] as const) {
      const seen = honestObservation(1);
      const markets = seen.markets.map(({ market, smiles }) => ({
        market: {
          ...market,
          sigmaE9: (market.sigmaE9 * 100_000n) / BigInt(Math.round(sigmaTimes * 100_000)),
        },
        smiles,
      }));
      const result = await comparing(submitted(), () => Promise.resolve({ ...seen, markets }));
      expect(result.deviating).to.equal(deviating);
    }
  });

  it("reaches ten minutes back, and says of an older report that it was not compared", async () => {
    const at = (age: number) => ({ nowSeconds: () => NOW + age });
    const reached = await comparing(submitted(), seeing(1.05), at(600));
    expect([reached.deviating, reached.uncompared]).to.deep.equal([1, 0]);
    const missed = await comparing(submitted(), seeing(1.05), at(601));
    expect([missed.deviating, missed.uncompared]).to.deep.equal([0, 1]);
    expect(missed.lines.map(({ event }) => event)).to.deep.equal(["report-not-compared"]);
    expect(missed.lines[0]?.fields["reason"]).to.include("601 s old");
  });

  it("says of a report that it was not compared when its own view is missing, whole or in part", async () => {
    const blind = await comparing(submitted(), () => Promise.reject(new Error("no venue answers")));
    expect([blind.deviating, blind.uncompared]).to.deep.equal([0, 1]);
    expect(blind.lines[0]?.fields["reason"]).to.include("no venue answers");
    const seen = honestObservation(1.05);
    const part = await comparing(submitted(), () =>
      Promise.resolve({ ...seen, markets: seen.markets.slice(1) }),
    );
    expect([part.deviating, part.uncompared]).to.deep.equal([1, 1]);
    expect(part.lines.map(({ event }) => event)).to.include.members([
      "report-not-compared",
      "report-deviates",
    ]);
  });

  it("proves an equivocation though its own view is missing", async () => {
    const { chain } = watching(twice, () => Promise.resolve(hash("ff")));
    const observe = () => Promise.reject(new Error("no venue answers"));
    const round = createWatchtower({ chain, clock, telemetry: recordingTelemetry(), observe }, 0n);
    expect(await round()).to.include({ proven: 1, uncompared: 1 });
  });
});
