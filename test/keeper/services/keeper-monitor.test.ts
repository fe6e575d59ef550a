import { expect } from "chai";
import { aggregateObservations } from "../../../keeper/core/report/aggregate.ts";
import type { ChainFacts } from "../../../keeper/ports/chain-probe.ts";
import { MarketDataUnavailable } from "../../../keeper/ports/market-data.ts";
import { createKeeperMonitor, type MonitorParts } from "../../../keeper/services/keeper-monitor.ts";
import { createParticipation } from "../../../keeper/services/participation.ts";
import { chainExpectation, chainFacts, hashOf } from "../../support/chain-facts.ts";
import { bareSnapshot, marketDataShowing } from "../../support/market-data-double.ts";
import { honestObservation } from "../../support/keeper-round.ts";
import { MEMBER_ADDRESSES } from "../../support/keeper-status.ts";
import { signedReport } from "../../support/signed-reports.ts";

const [self = "0x", second = "0x", third = "0x"] = MEMBER_ADDRESSES;
const NOW = 1_770_000_100;

function monitoring(changes: Partial<MonitorParts> = {}) {
  const state = {
    now: NOW,
    facts: chainFacts() as ChainFacts,
    reads: 0,
    dataAge: 60,
    connected: [second, third],
  };
  const marketData = marketDataShowing((market) =>
    bareSnapshot(market, { observedAtSeconds: state.now - state.dataAge }),
  );
  const parts: MonitorParts = {
    name: "keeper-1",
    version: "0.1.0",
    expected: chainExpectation(),
    chain: { header: () => Promise.resolve({ epoch: 3n, round: 1, observedAtSeconds: NOW - 40 }) },
    probe: {
      facts: () => {
        state.reads++;
        return Promise.resolve(state.facts);
      },
      registeredKeepers: () => Promise.resolve([]),
      registration: () => Promise.reject(new Error("the monitor needs no peers")),
      balanceWei: () => Promise.resolve(7n),
    },
    clock: { nowSeconds: () => state.now },
    marketData,
    markets: ["BTC"],
    maxDataAgeSeconds: 120,
    participation: createParticipation(() => MEMBER_ADDRESSES),
    member: {
      connected: () => new Set(state.connected),
      transmitters: () => Promise.resolve(new Map([[self, second]])),
      openTransactions: () => Promise.resolve(2),
    },
    ...changes,
  };
  return { state, monitor: createKeeperMonitor(parts) };
}

const failing = async ({ monitor }: ReturnType<typeof monitoring>) => {
  const { ready, checks } = await monitor.status();
  const names = checks.filter(({ ok }) => !ok).map(({ name }) => name);
  expect(ready).to.equal(names.length === 0);
  return names;
};

describe("a keeper's monitor", () => {
  it("shows report, quorum and members", async () => {
    const status = await monitoring().monitor.status();
    expect(status.report).to.include({ epoch: 3n, round: 1 });
    expect(status.quorum).to.deep.equal({ members: 4, required: 3, reachable: 3, margin: 0 });
    expect(
      status.members.map(({ isSelf, connected, balanceWei }) => [isSelf, connected, balanceWei]),
    ).to.deep.equal([
      [true, true, 7n],
      [false, true, null],
      [false, true, null],
      [false, false, null],
    ]);
    expect(status).to.include({ mode: "member", openTransactions: 2, ready: true, heartbeatSeconds: 3_600 });
  });

  it("shows of each member what was heard of it: newest report signed, deviation and streaks", async () => {
    const participation = createParticipation(() => MEMBER_ADDRESSES);
    const observations = [1, 1.001, 0.999, 1].map(honestObservation);
    const { markets, ...payload } = aggregateObservations(observations);
    const reportAt = (round: number) => ({
      ...signedReport(3n, round, NOW - 40 + round).report,
      ...payload,
      markets,
    });
    for (const round of [0, 1, 2]) {
      participation.observed(second, 3n, round, observations[1] ?? honestObservation(1));
      participation.completed(reportAt(round), [self, second]);
    }
    const { members } = await monitoring({ participation }).monitor.status();
    expect(members[1]?.lastReport).to.deep.equal({ epoch: 3n, round: 2, observedAtSeconds: NOW - 38 });
    expect(members[1]?.deviationBps).to.be.closeTo(10, 0.1);
    expect([members[1]?.signedStreak, members[1]?.missedStreak]).to.deep.equal([2, 0]);
    expect([members[2]?.signedStreak, members[2]?.missedStreak]).to.deep.equal([0, 2]);
    expect([members[2]?.lastReport, members[2]?.deviationBps]).to.deep.equal([null, null]);
  });

  it("is not ready without a quorum, fresh data, the store or the expected chain", async () => {
    const lonely = monitoring();
    lonely.state.connected = [second];
    expect(await failing(lonely)).to.deep.equal(["peers"]);
    const stale = monitoring();
    stale.state.dataAge = 121;
    expect(await failing(stale)).to.deep.equal(["market data BTC"]);
    const blind = monitoring({
      marketData: marketDataShowing((market) => {
        throw new MarketDataUnavailable(market, NOW);
      }),
    });
    expect(await failing(blind)).to.deep.equal(["market data BTC"]);
    const member = {
      connected: () => new Set([second, third]),
      transmitters: () => Promise.resolve(new Map()),
      openTransactions: () => Promise.reject(new Error("closed")),
    };
    expect(await failing(monitoring({ member }))).to.deep.equal(["store"]);
    const elsewhere = monitoring();
    elsewhere.state.facts = chainFacts({ chainId: 1n });
    expect(await failing(elsewhere)).to.deep.equal(["chain"]);
  });

  it("is ready in a dry run without peers and store", async () => {
    const dry = monitoring({ member: null, expected: chainExpectation({ address: null }) });
    expect(await failing(dry)).to.deep.equal([]);
    expect((await dry.monitor.status()).mode).to.equal("dry-run");
  });

  it("notices within seconds that the chain is no longer as expected, and reads it no more often", async () => {
    const { monitor, state } = monitoring();
    await monitor.requireAgreement();
    state.facts = chainFacts({ oracleVersion: "2" });
    await monitor.requireAgreement();
    expect(state.reads).to.equal(1);
    state.now += 2;
    const error: unknown = await monitor.requireAgreement().catch((thrown: unknown) => thrown);
    expect(String(error)).to.include("oracle version");
  });

  it("lets a message be signed under the configuration in force alone, and reads again before it refuses", async () => {
    const { monitor, state } = monitoring({ expected: chainExpectation({ configDigests: [] }) });
    await monitor.requireInForce(hashOf("cd"));
    await monitor.requireInForce(hashOf("cd"));
    expect(state.reads).to.equal(1);
    state.facts = chainFacts({ keeperSet: { ...chainFacts().keeperSet, configDigest: hashOf("ee") } });
    await monitor.requireInForce(hashOf("ee"));
    expect(state.reads).to.equal(2);
    const replaced: unknown = await monitor.requireInForce(hashOf("cd")).catch((thrown: unknown) => thrown);
    expect(String(replaced)).to.include(`expected ${hashOf("cd")}; the chain says ${hashOf("ee")}`);
  });

  it("lets nothing be signed once the chain's protocol parameters are others or the key left the set", async () => {
    for (const [change, what] of [
      [{ parametersHash: hashOf("ee") }, "protocol parameters"],
      [{ keeperSet: { ...chainFacts().keeperSet, keepers: MEMBER_ADDRESSES.slice(1) } }, "membership"],
    ] as const) {
      const { monitor, state } = monitoring();
      await monitor.requireInForce(hashOf("cd"));
      state.facts = chainFacts(change);
      state.now += 2;
      const error: unknown = await monitor.requireInForce(hashOf("cd")).catch((thrown: unknown) => thrown);
      expect(String(error)).to.include(what);
    }
  });
});
