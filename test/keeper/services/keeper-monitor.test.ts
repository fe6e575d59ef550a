import { expect } from "chai";
import { aggregateObservations } from "../../../keeper/core/report/aggregate.ts";
import type { ChainFacts } from "../../../keeper/ports/chain-probe.ts";
import { asHex } from "../../../keeper/ports/hex.ts";
import type { SourceStatus } from "../../../keeper/ports/keeper-status.ts";
import { MarketDataUnavailable } from "../../../keeper/ports/market-data.ts";
import { createKeeperMonitor, type MonitorParts } from "../../../keeper/services/keeper-monitor.ts";
import { createParticipation } from "../../../keeper/services/participation.ts";
import { chainExpectation, chainFacts, hashOf } from "../../support/chain-facts.ts";
import { bareSnapshot, marketDataShowing } from "../../support/market-data-double.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { honestObservation } from "../../support/keeper-round.ts";
import { MEMBER_ADDRESSES } from "../../support/keeper-status.ts";
import { signedReport } from "../../support/signed-reports.ts";

const PAYER = asHex(`0x${"fe".repeat(20)}`);
const [self = "0x", second = "0x", third = "0x"] = MEMBER_ADDRESSES;
const NOW = 1_770_000_100;

function monitoring(changes: Partial<MonitorParts> = {}) {
  const state = {
    now: NOW,
    nowMs: 0,
    facts: chainFacts() as ChainFacts,
    /** Why no node answers; null while one does. */
    away: null as string | null,
    reads: 0,
    dataAge: 60,
    connected: [second, third],
    sources: [{ market: "BTC", source: "kraken", refusal: null, ageSeconds: 2 }] as readonly SourceStatus[],
    open: ["report 3/1", "report 3/2"],
    proofs: 0,
  };
  const marketData = marketDataShowing((market) =>
    bareSnapshot(market, { observedAtSeconds: state.now - state.dataAge }),
  );
  const telemetry = recordingTelemetry();
  const parts: MonitorParts = {
    name: "keeper-1",
    version: "0.1.0",
    expected: chainExpectation(),
    chain: { header: () => Promise.resolve({ epoch: 3n, round: 1, observedAtSeconds: NOW - 40 }) },
    probe: {
      facts: () => {
        state.reads++;
        return state.away === null ? Promise.resolve(state.facts) : Promise.reject(new Error(state.away));
      },
      balanceWei: () => Promise.resolve(7n),
    },
    clock: { nowSeconds: () => state.now },
    timer: {
      nowMs: () => state.nowMs,
      sleep: (durationMs) => {
        state.nowMs += durationMs;
        state.now += durationMs / 1_000;
        return new Promise(setImmediate);
      },
    },
    telemetry,
    sources: () => state.sources,
    nodes: () => [{ name: "http://node", problem: state.away }],
    marketData,
    markets: ["BTC"],
    maxDataAgeSeconds: 120,
    participation: createParticipation(() => MEMBER_ADDRESSES),
    member: {
      connected: () => new Set(state.connected),
      transmitter: PAYER,
      openProofs: () => state.proofs,
      openTransactions: () => Promise.resolve(state.open),
    },
    ...changes,
  };
  return { state, telemetry, monitor: createKeeperMonitor(parts) };
}

const failing = async ({ monitor }: ReturnType<typeof monitoring>) => {
  await monitor.look();
  const { ready, checks } = monitor.status();
  const names = checks.filter(({ ok }) => !ok).map(({ name }) => name);
  expect(ready).to.equal(names.length === 0);
  return names;
};

describe("a keeper's monitor", () => {
  it("shows report, quorum and members, and the account of itself alone", async () => {
    const { monitor } = monitoring();
    await monitor.look();
    const status = monitor.status();
    expect(status.report).to.include({ epoch: 3n, round: 1 });
    expect(status.quorum).to.deep.equal({ members: 4, required: 3, reachable: 3, margin: 0 });
    expect(
      status.members.map(({ isSelf, connected, transmitter, balanceWei }) => [
        isSelf,
        connected,
        transmitter,
        balanceWei,
      ]),
    ).to.deep.equal([
      [true, true, PAYER, 7n],
      [false, true, null, null],
      [false, true, null, null],
      [false, false, null, null],
    ]);
    expect(status).to.include({ mode: "member", ready: true, heartbeatSeconds: 3_600 });
    expect(status.chain).to.deep.equal({
      blockNumber: 42n,
      blockTimestampSeconds: NOW - 100,
      clockAheadSeconds: 100,
    });
  });

  it("shows how long the oldest transaction has been open, from the first look that saw it", async () => {
    const { monitor, state } = monitoring();
    await monitor.look();
    state.nowMs += 90_000;
    state.open = ["report 3/2", "report 3/3"];
    await monitor.look();
    state.nowMs += 10_000;
    expect(monitor.status().transactions).to.deep.equal({ open: 2, oldestAgeSeconds: 100 });
    state.open = ["report 3/3"];
    await monitor.look();
    expect(monitor.status().transactions).to.deep.equal({ open: 1, oldestAgeSeconds: 10 });
    state.open = [];
    await monitor.look();
    expect(monitor.status().transactions).to.deep.equal({ open: 0, oldestAgeSeconds: null });
  });

  it("asks nobody for its status, however often it is asked itself", async () => {
    const { monitor, state } = monitoring();
    await monitor.look();
    const { reads } = state;
    state.now += 100;
    for (let i = 0; i < 10; i++) monitor.status();
    await new Promise(setImmediate);
    expect(state.reads).to.equal(reads);
  });

  it("shows what it knew, that the chain is away and why, while no node answers", async () => {
    const { monitor, state } = monitoring();
    await monitor.look();
    state.away = "connect ECONNREFUSED";
    state.now += 500;
    await monitor.look();
    const status = monitor.status();
    expect(status.ready).to.equal(false);
    expect(status.chain).to.equal(null);
    expect(status.nodes).to.deep.equal([{ name: "http://node", problem: "connect ECONNREFUSED" }]);
    expect(status.report).to.include({ epoch: 3n, round: 1, observedAtSeconds: NOW - 40 });
    expect([status.nowSeconds, status.heartbeatSeconds]).to.deep.equal([NOW + 500, 3_600]);
    expect(status.members.map(({ connected, balanceWei }) => [connected, balanceWei])).to.deep.equal([
      [true, null],
      [true, null],
      [true, null],
      [false, null],
    ]);
    const failed = status.checks.filter(({ ok }) => !ok);
    expect(failed.map(({ name }) => name)).to.deep.equal(["nodes"]);
    expect(failed[0]?.detail).to.include("the chain cannot be read: connect ECONNREFUSED");
    state.away = null;
    await monitor.look();
    expect(monitor.status()).to.include({ ready: true });
  });

  it("has a status before it has looked, and when the chain was never there", async () => {
    const { monitor, state } = monitoring();
    expect(monitor.status()).to.deep.include({
      chain: null,
      report: null,
      quorum: null,
      members: [],
      transactions: null,
      ready: false,
    });
    state.away = "away";
    await monitor.look();
    const { ready, checks, chainId } = monitor.status();
    expect([ready, chainId]).to.deep.equal([false, 31_337]);
    expect(checks.filter(({ ok }) => !ok).map(({ name }) => name)).to.deep.equal(["nodes", "peers"]);
  });

  it("logs why the chain cannot be read once a minute, and when it can be again", async () => {
    const { monitor, state, telemetry } = monitoring();
    state.away = "away";
    const stop = new AbortController();
    const watching = monitor.watch(stop.signal);
    while (state.nowMs < 125_000) await new Promise(setImmediate);
    state.away = null;
    const saidAtMs = state.nowMs;
    while (state.nowMs < saidAtMs + 15_000) await new Promise(setImmediate);
    stop.abort();
    await watching;
    expect(telemetry.lines.map(({ event }) => event)).to.deep.equal([
      "chain-unreadable",
      "chain-unreadable",
      "chain-unreadable",
      "chain-readable-again",
    ]);
    expect(telemetry.lines[0]?.fields).to.deep.equal({ reason: "away" });
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
    const { monitor } = monitoring({ participation });
    await monitor.look();
    const { members } = monitor.status();
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
    const forgotten = monitoring({
      marketData: marketDataShowing(
        (market) => bareSnapshot(market, { observedAtSeconds: NOW }),
        () => NOW - 1.26 * 86_400,
      ),
    });
    expect(await failing(forgotten)).to.deep.equal(["market history"]);
    const member = {
      connected: () => new Set([second, third]),
      transmitter: PAYER,
      openProofs: () => 0,
      openTransactions: () => Promise.reject(new Error("closed")),
    };
    expect(await failing(monitoring({ member }))).to.deep.equal(["store"]);
    const elsewhere = monitoring();
    elsewhere.state.facts = chainFacts({ chainId: 1n });
    expect(await failing(elsewhere)).to.deep.equal(["chain"]);
  });

  it("shows how each source counts, and none where they cannot be judged", () => {
    const { monitor, state } = monitoring();
    expect(monitor.status().sources).to.deep.equal(state.sources);
    const blind = monitoring({
      sources: () => {
        throw new Error("no history");
      },
    });
    expect(blind.monitor.status().sources).to.deep.equal([]);
  });

  it("is ready in a dry run without peers and store", async () => {
    const dry = monitoring({ member: null, expected: chainExpectation({ address: null }) });
    expect(await failing(dry)).to.deep.equal([]);
    const status = dry.monitor.status();
    expect(status).to.deep.include({ mode: "dry-run", quorum: null, transactions: null });
    expect(status.members.map(({ connected }) => connected)).to.deep.equal([null, null, null, null]);
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

  it("takes another expectation while it runs, and signs and is ready by it", async () => {
    const { monitor, state } = monitoring();
    await monitor.look();
    state.facts = chainFacts({ oracleParamsHash: hashOf("0a") });
    state.now += 2;
    await monitor.look();
    expect(monitor.status().ready).to.equal(false);
    monitor.expect(chainExpectation({ oracleParamsHashes: [hashOf("01"), hashOf("0a")] }));
    expect(monitor.status().ready).to.equal(true);
    await monitor.requireInForce(hashOf("cd"));
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
