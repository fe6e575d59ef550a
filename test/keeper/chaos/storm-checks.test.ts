import { expect } from "chai";
import { asHex, type Hex } from "../../../keeper/ports/hex.ts";
import type { SignedHead } from "../../../keeper/ports/watch-chain.ts";
import {
  findBadEnds,
  findLargeProcesses,
  findLateHealing,
  findNotRising,
  findUnrecorded,
  findWrongStakes,
} from "../../support/storm-checks.ts";

const hash = (digits: string): Hex => asHex(`0x${digits.repeat(32)}`);
const [HONEST, LIAR] = [asHex(`0x${"01".repeat(20)}`), asHex(`0x${"02".repeat(20)}`)];
const round = (epoch: number, number: number) => ({ epoch: BigInt(epoch), round: number });
const posted = (observedAtSeconds: number, blockSeconds: number) => ({ observedAtSeconds, blockSeconds });
const signed = (signer: Hex, digits: string): SignedHead => ({
  head: {
    ...round(2, 7),
    configDigest: hash("cd"),
    observedAt: 1,
    blockNumber: 1n,
    blockHash: hash("bb"),
    payloadHash: hash(digits),
  },
  hash: hash(digits),
  signature: hash("55"),
  signer,
});

describe("promises under a storm of processes can be seen to break", () => {
  it("reports on the chain that do not rise", () => {
    expect(findNotRising([round(1, 5), round(1, 6), round(2, 6)])).to.deep.equal([]);
    expect(findNotRising([round(1, 5), round(1, 5)])).to.deep.equal(["1/5 stands on the chain after 1/5"]);
    expect(findNotRising([round(2, 5), round(1, 6)])).to.have.length(1);
  });

  it("a report that comes too late after the healing, or never, or was observed before it", () => {
    expect(findLateHealing([posted(90, 101), posted(102, 104)], 100, 5)).to.deep.equal([]);
    expect(findLateHealing([posted(90, 101), posted(102, 106)], 100, 5)).to.deep.equal([
      "the first report after the healing took 6 s, at most 5 s",
    ]);
    expect(findLateHealing([posted(90, 101)], 100, 5)).to.deep.equal([
      "no report was posted after the healing",
    ]);
  });

  it("an honest stake that is touched, and a liar's that is not", () => {
    const stakes = (honest: bigint, liar: bigint) => [
      { key: HONEST, before: 100n, after: honest },
      { key: LIAR, before: 100n, after: liar },
    ];
    expect(findWrongStakes(stakes(100n, 0n), [LIAR])).to.deep.equal([]);
    expect(findWrongStakes(stakes(99n, 0n), [LIAR])).to.have.length(1);
    expect(findWrongStakes(stakes(100n, 1n), [LIAR])).to.have.length(1);
    expect(findWrongStakes(stakes(100n, 0n), [])).to.have.length(1);
  });

  it("a signature that was not recorded, or over something else than was recorded", () => {
    const store = (digits: string) => ({
      key: HONEST,
      recorded: new Map([[`report/${hash("cd")}/2/7`, hash(digits)]]),
    });
    expect(findUnrecorded([signed(HONEST, "a1"), signed(LIAR, "a2")], [store("a1")])).to.deep.equal([]);
    expect(findUnrecorded([signed(HONEST, "a2")], [store("a1")])).to.have.length(1);
    expect(findUnrecorded([signed(HONEST, "a1")], [{ key: HONEST, recorded: new Map() }])).to.deep.equal([
      `${HONEST} signed ${hash("a1")} for round 2/7 and recorded nothing`,
    ]);
  });

  it("a process that ends by itself, or badly when it is told to", () => {
    const end = (code: number | null, isAsked: boolean, isRefused = false) => ({
      ...{ name: "keeper-1", code, isAsked, isRefused },
    });
    expect(findBadEnds([end(0, true), end(null, false), end(1, false, true)])).to.deep.equal([]);
    expect(findBadEnds([end(1, true)])).to.deep.equal(["keeper-1 ended with code 1"]);
    expect(findBadEnds([end(null, true)])).to.have.length(1);
    expect(findBadEnds([end(1, false)])).to.deep.equal(["keeper-1 ended by itself with code 1"]);
    expect(findBadEnds([end(0, false)])).to.have.length(1);
  });

  it("a process that is too large", () => {
    expect(findLargeProcesses([10, 20], 20)).to.deep.equal([]);
    expect(findLargeProcesses([10, 21], 20)).to.deep.equal(["a process held 21 bytes, at most 20"]);
  });
});
