import { expect } from "chai";
import { NO_PARAMETERS_HASH } from "../../../keeper/services/chain-agreement.ts";
import { type DoctorCheck, type DoctorParts, examine } from "../../../keeper/services/doctor.ts";
import { chainExpectation, chainFacts, hashOf } from "../../support/chain-facts.ts";
import { bareSnapshot, marketDataShowing } from "../../support/market-data-double.ts";

const NOW = chainFacts().block.timestampSeconds;
const ETH = 10n ** 18n;

const marketData = (observedAtSeconds: number) =>
  marketDataShowing((market) => bareSnapshot(market, { observedAtSeconds, spotUsd: 90_000 }));

function parts(changes: Partial<DoctorParts> = {}): DoctorParts {
  return {
    expected: chainExpectation(),
    limits: { minBalanceWei: ETH, maxClockDriftSeconds: 30, maxDataAgeSeconds: 120 },
    clock: { nowSeconds: () => NOW + 5 },
    nodes: () =>
      Promise.resolve([
        { name: "a", problem: null },
        { name: "b", problem: null },
      ]),
    facts: () => Promise.resolve(chainFacts()),
    balanceWei: () => Promise.resolve(ETH),
    tryStore: () => Promise.resolve(),
    peers: () => Promise.resolve([{ name: "b", reachable: true }]),
    marketData: marketData(NOW),
    markets: ["BTC"],
    openFiles: [],
    ...changes,
  };
}

const notOk = async (changes: Partial<DoctorParts>): Promise<readonly DoctorCheck[]> =>
  (await examine(parts(changes))).filter(({ verdict }) => verdict !== "ok");
const verdicts = async (changes: Partial<DoctorParts>) =>
  (await notOk(changes)).map(({ name, verdict }) => `${verdict} ${name}`);

describe("the doctor", () => {
  it("finds nothing wrong with a keeper that is well", async () => {
    const checks = await examine(parts());
    expect(checks.filter(({ verdict }) => verdict !== "ok")).to.deep.equal([]);
    expect(checks.map(({ name }) => name)).to.include.members(["chain", "membership", "balance", "store"]);
  });

  it("tells a failure from a warning and says what to do about each", async () => {
    const nodes = [
      { name: "a", problem: null },
      { name: "b", problem: "lagging" },
    ];
    const [a] = nodes;
    const cases: [string[], Partial<DoctorParts>][] = [
      [["warn node b"], { nodes: () => Promise.resolve(nodes) }],
      [["warn nodes"], { nodes: () => Promise.resolve(a === undefined ? [] : [a]) }],
      [["warn clock"], { clock: { nowSeconds: () => NOW + 31 } }],
      [["fail clock"], { clock: { nowSeconds: () => NOW - 31 } }],
      [
        ["fail oracle parameters"],
        { facts: () => Promise.resolve(chainFacts({ oracleParamsHash: hashOf("ee") })) },
      ],
      [
        ["fail protocol parameters"],
        { facts: () => Promise.resolve(chainFacts({ parametersHash: hashOf("ee") })) },
      ],
      [
        ["warn protocol parameters"],
        { facts: () => Promise.resolve(chainFacts({ parametersHash: NO_PARAMETERS_HASH })) },
      ],
      [["warn agreement"], { expected: chainExpectation({ marginParamsHash: null }) }],
      [["warn balance"], { balanceWei: () => Promise.resolve(ETH - 1n) }],
      [["fail balance"], { balanceWei: () => Promise.resolve(0n) }],
      [["fail store"], { tryStore: () => Promise.reject(new Error("disk full")) }],
      [["warn peers"], { peers: () => Promise.resolve([{ name: "b", reachable: false }]) }],
      [["fail market data BTC"], { marketData: marketData(NOW - 116) }],
      [["warn key file"], { openFiles: ["report.json"] }],
    ];
    for (const [expected, changes] of cases) {
      expect(await verdicts(changes)).to.deep.equal(expected);
      for (const { advice } of await notOk(changes)) expect(advice).not.to.equal(null);
    }
  });

  it("goes on when one check cannot be made", async () => {
    const facts = () => Promise.reject(new Error("no node answers"));
    expect(await verdicts({ facts, tryStore: () => Promise.reject(new Error("x")) })).to.deep.equal([
      "fail chain",
      "fail store",
      "fail peers",
    ]);
  });

  it("leaves out what a dry run does not need", async () => {
    const dry = {
      balanceWei: null,
      tryStore: null,
      peers: null,
      expected: chainExpectation({ address: null }),
    };
    expect(await verdicts(dry)).to.deep.equal([]);
  });
});
