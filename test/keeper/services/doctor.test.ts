import { expect } from "chai";
import { NO_PARAMETERS_HASH } from "../../../keeper/services/chain-agreement.ts";
import { type DoctorCheck, type DoctorParts, examine, NotChecked } from "../../../keeper/services/doctor.ts";
import { chainExpectation, chainFacts, hashOf } from "../../support/chain-facts.ts";
import { SettlementCoinUnknown } from "../../../keeper/ports/market-data.ts";
import { bareSnapshot, marketDataShowing } from "../../support/market-data-double.ts";

const NOW = chainFacts().block.timestampSeconds;
const ETH = 10n ** 18n;
const DAY = 86_400;

const marketData = (observedAtSeconds: number, lastDaySeconds: number | null = NOW) =>
  marketDataShowing(
    (market) => bareSnapshot(market, { observedAtSeconds, spotUsd: 90_000 }),
    () => lastDaySeconds,
  );

const ofCoin = (price: number | Error) => ({
  ...marketData(NOW),
  settlementCoinUsd: () => (typeof price === "number" ? Promise.resolve(price) : Promise.reject(price)),
});

function parts(changes: Partial<DoctorParts> = {}): DoctorParts {
  return {
    expected: chainExpectation(),
    isDryRun: false,
    limits: { minBalanceWei: ETH, maxClockDriftSeconds: 30, maxDataAgeSeconds: 120 },
    clock: () => Promise.resolve({ nowSeconds: () => NOW + 5 }),
    nodes: () =>
      Promise.resolve([
        { name: "a", problem: null },
        { name: "b", problem: null },
      ]),
    facts: () => Promise.resolve(chainFacts()),
    balanceWei: () => Promise.resolve(ETH),
    tryStore: () => Promise.resolve("opens"),
    peers: () => Promise.resolve([{ name: "b", reachable: true }]),
    marketData: () => Promise.resolve(marketData(NOW)),
    markets: ["BTC"],
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
      [["warn clock"], { clock: () => Promise.resolve({ nowSeconds: () => NOW + 31 }) }],
      [["fail clock"], { clock: () => Promise.resolve({ nowSeconds: () => NOW - 31 }) }],
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
      [["warn agreement"], { expected: chainExpectation({ marginParamsHashes: [] }) }],
      [["warn balance"], { balanceWei: () => Promise.resolve(ETH - 1n) }],
      [["warn balance"], { balanceWei: () => Promise.resolve(0n) }],
      [["fail store"], { tryStore: () => Promise.reject(new Error("disk full")) }],
      [["warn peers"], { peers: () => Promise.resolve([{ name: "b", reachable: false }]) }],
      [["fail market data BTC"], { marketData: () => Promise.resolve(marketData(NOW - 116)) }],
      [["warn settlement coin"], { marketData: () => Promise.resolve(ofCoin(0.99)) }],
      [
        ["fail settlement coin"],
        { marketData: () => Promise.resolve(ofCoin(new SettlementCoinUnknown(["kraken"]))) },
      ],
      [["warn market history"], { marketData: () => Promise.resolve(marketData(NOW, NOW - 1.26 * DAY)) }],
      [["fail market history"], { marketData: () => Promise.resolve(marketData(NOW, NOW - 3.01 * DAY)) }],
      [["fail market history"], { marketData: () => Promise.resolve(marketData(NOW, null)) }],
    ];
    for (const [expected, changes] of cases) {
      expect(await verdicts(changes)).to.deep.equal(expected);
      for (const { advice } of await notOk(changes)) expect(advice).not.to.equal(null);
    }
  });

  it("goes on when one thing cannot be examined, and blames nothing that hangs on it", async () => {
    const facts = () => Promise.reject(new Error("no node answers"));
    expect(await verdicts({ facts, tryStore: () => Promise.reject(new Error("x")) })).to.deep.equal([
      "fail chain",
      "skip balance",
      "fail store",
      "skip peers",
    ]);
    const away = () => Promise.reject(new Error("venues are away"));
    expect(await verdicts({ marketData: away })).to.deep.equal([
      "fail market data",
      "skip market data BTC",
      "skip settlement coin",
      "skip market history",
    ]);
    const clock = () => Promise.reject(new NotChecked("the chain's clock cannot be read"));
    expect(await verdicts({ clock })).to.deep.equal([
      "skip chain",
      "skip market data BTC",
      "skip market history",
    ]);
  });

  it("names every node with its reason also when none is fit", async () => {
    const nodes = [
      { name: "a", problem: "no-answer: connect ECONNREFUSED" },
      { name: "b", problem: "wrong-chain" },
    ];
    const found = await notOk({
      nodes: () => Promise.resolve(nodes),
      facts: () => Promise.reject(new Error("no node answers")),
    });
    expect(found.slice(0, 3).map(({ name, verdict, detail }) => [name, verdict, detail])).to.deep.equal([
      ["node a", "fail", "not used: no-answer: connect ECONNREFUSED"],
      ["node b", "fail", "not used: wrong-chain"],
      ["chain", "fail", "no node answers"],
    ]);
  });

  it("says that membership was not checked where the report key is not known, and leaves it out of a dry run", async () => {
    const expected = chainExpectation({ address: null, networkKey: null });
    expect(await verdicts({ expected })).to.deep.equal(["skip membership"]);
    const dry = await examine(parts({ expected, isDryRun: true }));
    expect(dry.map(({ name }) => name)).not.to.include("membership");
  });

  it("shows of a chain that differs in one thing what is well with it beside", async () => {
    const checks = await examine(parts({ facts: () => Promise.resolve(chainFacts({ oracleVersion: "2" })) }));
    expect(checks.map(({ name, verdict }) => `${verdict} ${name}`)).to.include.members([
      "fail oracle version",
      "ok chain",
      "ok membership",
      "ok protocol parameters",
    ]);
  });

  it("passes on the advice of whatever could not be examined", async () => {
    const error = Object.assign(new Error("another's"), { advice: "give each its own" });
    const [found] = await notOk({ tryStore: () => Promise.reject(error) });
    expect(found?.advice).to.equal("give each its own");
  });

  it("leaves out of a dry run what it does not need", async () => {
    const never = () => Promise.reject(new Error("asked"));
    const dry = { isDryRun: true, balanceWei: never, tryStore: never, peers: never };
    expect(await verdicts(dry)).to.deep.equal([]);
  });
});
