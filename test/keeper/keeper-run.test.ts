import { expect } from "chai";
import { getBytes, toBeHex } from "ethers";
import { networkKeyOf } from "../../keeper/adapters/keystore/network-key.ts";
import { createNetworkSigner } from "../../keeper/adapters/keystore/network-signer.ts";
import { createMemoryStore } from "../../keeper/adapters/memory/keeper-store.ts";
import { DEFAULT_PARAMETERS, slotAt } from "../../keeper/core/protocol/parameters.ts";
import { leaderOf } from "../../keeper/core/protocol/leaders.ts";
import { nameOfRound } from "../../keeper/core/protocol/round-id.ts";
import type { ReportHead } from "../../keeper/core/report/typed-data.ts";
import { seededRandom } from "../../keeper/core/statistics/seeded-random.ts";
import { createKeeper } from "../../keeper/keeper.ts";
import { MarketDataUnavailable } from "../../keeper/ports/market-data.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import type { OracleChain } from "../../keeper/ports/oracle-chain.ts";
import { hashOfSet, oracleDouble, recordingTelemetry } from "../support/keeper-doubles.ts";
import { hashSigner, START_SECONDS } from "../support/simulated-keepers.ts";
import { unrulyGossip } from "../support/unruly-gossip.ts";
import { virtualTime } from "../support/virtual-time.ts";
import { signedReport } from "../support/signed-reports.ts";
import { marketDataShowing } from "../support/market-data-double.ts";

const COUNT = 4;
const ADDRESS_BYTES = 20;
const KEY_BYTES = 32;
const SLOT_MS = DEFAULT_PARAMETERS.slotSeconds * 1_000;
const ROOT = asHex(`0x${"a7".repeat(32)}`);
const SCENARIO_DATA: Hex = "0x0102";
const PARAMETERS = { ...DEFAULT_PARAMETERS, heartbeatSeconds: 1 };

/** Four keepers of a house without markets: their reports are empty, and everything around them is real. */
function house(seed: number) {
  const time = virtualTime(START_SECONDS);
  const addresses = Array.from({ length: COUNT }, (_, i) => asHex(toBeHex(i + 1, ADDRESS_BYTES)));
  const networks = addresses.map((_, i) =>
    createNetworkSigner(networkKeyOf(getBytes(toBeHex(i + 1, KEY_BYTES)))),
  );
  const oracle = oracleDouble(
    addresses,
    [],
    networks.map(({ publicKey }) => publicKey),
  );
  const gossip = unrulyGossip(addresses, time, seededRandom(seed));
  const delaysMs: number[] = [];
  /** Who built a scenario set, and how long each build takes. */
  const scenarios = { builtBy: [] as Hex[], buildMs: 0 };
  const posts: { readonly by: Hex; readonly atMs: number; readonly round: string }[] = [];
  const keepers = addresses.map((address, index) => {
    const network = networks[index];
    if (network === undefined) throw new RangeError("one network key for each keeper");
    const telemetry = recordingTelemetry();
    const store = createMemoryStore();
    const trouble: { keeperSet: Error | null; clockAheadSeconds: number; slotsBegun: number } = {
      keeperSet: null,
      clockAheadSeconds: 0,
      slotsBegun: 0,
    };
    const clock = time.clockAhead(0);
    const chain: OracleChain = {
      ...oracle.chain,
      keeperSet: () => {
        trouble.slotsBegun++;
        return trouble.keeperSet === null ? oracle.chain.keeperSet() : Promise.reject(trouble.keeperSet);
      },
      submitReport: (report, signatures) => {
        posts.push({ by: address, atMs: time.nowMs(), round: nameOfRound(report) });
        return oracle.chain.submitReport(report, signatures);
      },
    };
    const start = () => {
      const stop = new AbortController();
      const keeper = createKeeper({
        chain,
        gossip: gossip.join(address),
        signer: hashSigner(address, addresses),
        network,
        store,
        clock: {
          nowSeconds: () => clock.nowSeconds() + trouble.clockAheadSeconds,
          nowMs: () => clock.nowMs() + trouble.clockAheadSeconds * 1_000,
        },
        timer: time.timer,
        telemetry,
        parameters: PARAMETERS,
        scenarioBuilder: {
          build: async (_histories, signal) => {
            scenarios.builtBy.push(address);
            await time.timer.sleep(scenarios.buildMs, signal);
            return SCENARIO_DATA;
          },
        },
        accountRoot: () => ROOT,
        reportSigned: (sinceSlotMs) => delaysMs.push(sinceSlotMs),
        participation: { signed: () => undefined, observed: () => undefined, completed: () => undefined },
        observer: {
          listings: [],
          marketData: marketDataShowing((market) => {
            throw new MarketDataUnavailable(market, START_SECONDS);
          }),
          maxDataAgeSeconds: 120,
        },
      });
      const state = { ended: false };
      const running = keeper.run(stop.signal).then(() => {
        state.ended = true;
      });
      return { stop, running, state };
    };
    return { address, store, trouble, lines: telemetry.lines, start };
  });
  return { time, oracle, gossip, posts, delaysMs, scenarios, addresses, keepers };
}

const eventsOf = ({ lines }: ReturnType<typeof house>["keepers"][number], name: string) =>
  lines.filter(({ event }) => event === name);

describe("a keeper that runs", () => {
  it("takes part in every slot as its clock reaches it, and what is agreed is posted once", async () => {
    const { time, posts, oracle, keepers } = house(1);
    const started = keepers.map((keeper) => keeper.start());
    await time.run(6 * SLOT_MS);
    const rounds = oracle.reports.map(({ report }) => report.round);
    expect(rounds.length).to.be.at.least(6);
    expect(new Set(rounds).size).to.equal(rounds.length);
    expect(posts.length).to.equal(rounds.length);
    for (const { report } of oracle.reports) expect(report.accountRoot).to.equal(ROOT);
    expect(rounds[0]).to.equal(slotAt(START_SECONDS, PARAMETERS));
    for (const { stop } of started) stop.abort();
    await Promise.all(started.map(({ running }) => running));
  });

  it("says of each report how long after its slot began it was complete, and nothing of those it catches up with", async () => {
    const { time, delaysMs, keepers } = house(6);
    const started = keepers.slice(1).map((keeper) => keeper.start());
    await time.run(4 * SLOT_MS);
    const [late] = keepers;
    if (late === undefined) throw new RangeError("four keepers");
    const before = delaysMs.length;
    expect(before).to.be.at.least(9);
    for (const delayMs of delaysMs) expect(delayMs).to.be.within(0, SLOT_MS);
    const others = keepers.slice(1).flatMap((keeper) => eventsOf(keeper, "report-signed"));
    expect(others.map(({ fields }) => fields["sinceSlotMs"])).to.have.members(delaysMs.map(Math.round));
    started.push(late.start());
    await time.run(SLOT_MS / 3);
    expect(eventsOf(late, "report-caught-up")).not.to.deep.equal([]);
    for (const delayMs of delaysMs) expect(delayMs).to.be.within(0, 2 * SLOT_MS);
    for (const { stop } of started) stop.abort();
  });

  it("goes on after an error in a slot: the slot is lost to it, and no other", async () => {
    const { time, gossip, keepers } = house(2);
    const started = keepers.map((keeper) => keeper.start());
    await time.run(2 * SLOT_MS);
    const [ill] = keepers;
    if (ill === undefined) throw new RangeError("four keepers");
    ill.trouble.keeperSet = new Error("no node answers");
    await time.run(2 * SLOT_MS);
    ill.trouble.keeperSet = null;
    expect(eventsOf(ill, "slot-not-begun").length).to.be.within(1, 2);
    expect(eventsOf(ill, "slot-not-begun")[0]?.fields["reason"]).to.include("no node answers");
    const before = gossip.sent.length;
    await time.run(2 * SLOT_MS);
    const signed = gossip.sent
      .slice(before)
      .filter(({ from, message }) => from === ill.address && message.kind === "signature");
    expect(signed.length).to.be.greaterThan(0);
    expect(eventsOf(ill, "slot-not-begun").length).to.be.within(1, 2);
    for (const { stop } of started) stop.abort();
  });

  it("takes part again when its clock was an hour ahead for a moment", async () => {
    const { time, keepers } = house(6);
    const started = keepers.map((keeper) => keeper.start());
    await time.run(2 * SLOT_MS);
    // Two of four are too few to agree on a report of that hour.
    for (const { trouble } of keepers.slice(2)) trouble.clockAheadSeconds = 3_600;
    await time.run(1_500);
    for (const { trouble } of keepers) trouble.clockAheadSeconds = 0;
    await time.run(2 * SLOT_MS);
    const begun = () => keepers.map(({ trouble }) => trouble.slotsBegun);
    const before = begun();
    await time.run(3 * SLOT_MS);
    expect(begun().map((count, index) => count - (before[index] ?? 0))).to.deep.equal([3, 3, 3, 3]);
    for (const { stop } of started) stop.abort();
  });

  it("posts after a restart what was signed and not posted", async () => {
    const { time, oracle, posts, keepers } = house(7);
    const [one] = keepers;
    if (one === undefined) throw new RangeError("four keepers");
    const { configDigest } = oracle.state.keeperSet;
    const report = {
      ...signedReport(3n, slotAt(START_SECONDS, PARAMETERS) - 1, START_SECONDS - 5).report,
      configDigest,
      markets: [],
      smiles: [],
    };
    await one.store.saveFinal({ report, signatures: ["0x01"] });
    const { stop } = one.start();
    await time.run(COUNT * PARAMETERS.stageMs + 1);
    stop.abort();
    expect(posts.map(({ by, round }) => [by, round])).to.deep.equal([[one.address, nameOfRound(report)]]);
  });

  it("does not begin when it cannot join: the error is its caller's", async () => {
    const { keepers } = house(3);
    const [ill] = keepers;
    if (ill === undefined) throw new RangeError("four keepers");
    ill.trouble.keeperSet = new Error("no node answers");
    const reason: unknown = await ill.start().running.catch((error: unknown) => error);
    expect(String(reason)).to.include("no node answers");
  });

  it("has the day's scenario set agreed and posted once, each keeper building it once", async () => {
    const { time, oracle, gossip, scenarios, addresses, keepers } = house(7);
    const started = keepers.map((keeper) => keeper.start());
    await time.run(2 * PARAMETERS.slotsPerEpoch * SLOT_MS);
    expect(oracle.state.scenarioSet).to.deep.equal({ setId: 1n, dataHash: hashOfSet(SCENARIO_DATA) });
    expect([...scenarios.builtBy].sort()).to.deep.equal([...addresses].sort());
    const proposals = gossip.sent.filter(({ message }) => message.kind === "scenario-proposal");
    expect(proposals).to.have.length(COUNT);
    expect(keepers.flatMap((keeper) => eventsOf(keeper, "scenario-set-posted"))).to.have.length(1);
    for (const { stop } of started) stop.abort();
  });

  it("begins its slots while its scenario set is being built, and has the set agreed then", async () => {
    const { time, oracle, scenarios, addresses, keepers } = house(8);
    scenarios.buildMs = 4 * SLOT_MS;
    const started = keepers.map((keeper) => keeper.start());
    await time.run(4 * SLOT_MS);
    expect(oracle.state.scenarioSet.setId).to.equal(0n);
    expect(oracle.reports.length).to.be.at.least(4);
    await time.run(6 * SLOT_MS);
    expect(oracle.reports.length).to.be.at.least(10);
    expect(oracle.state.scenarioSet.setId).to.equal(1n);
    expect([...scenarios.builtBy].sort()).to.deep.equal([...addresses].sort());
    for (const { stop } of started) stop.abort();
  });

  it("builds one set at most for a leader that proposes a thousand others, and goes on reporting", async () => {
    const { time, oracle, gossip, scenarios, addresses, keepers } = house(9);
    const liar = leaderOf(1n, oracle.state.keeperSet.keepers, oracle.state.keeperSet.configDigest);
    const honest = addresses.filter((address) => address !== liar);
    scenarios.buildMs = 2_000;
    const started = keepers.map((keeper) => keeper.start());
    await time.run(0);
    const voice = gossip.join(liar);
    for (let slot = 0; slot < 6; slot++) {
      for (let lie = 0; lie < 1_000; lie++)
        voice.publish({
          kind: "scenario-proposal",
          setId: BigInt(1 + (lie % 3)),
          data: `0x${(lie % 256).toString(16).padStart(2, "0")}`,
        });
      await time.run(SLOT_MS);
    }
    expect(oracle.reports.length).to.be.at.least(6);
    for (const address of honest)
      expect(scenarios.builtBy.filter((builder) => builder === address).length, address).to.be.at.most(1);
    for (const { stop } of started) stop.abort();
  });

  it("ends whenever it is told to: says, signs and posts nothing afterwards, and a restart signs nothing else", async () => {
    const { time, gossip, posts, keepers } = house(4);
    const random = seededRandom(5);
    const started = keepers.map((keeper) => keeper.start());
    await time.run(SLOT_MS);
    for (let turn = 0; turn < 12; turn++) {
      const index = random.index(COUNT);
      const [keeper, run] = [keepers[index], started[index]];
      if (keeper === undefined || run === undefined) throw new RangeError("four keepers");
      await time.run(random.uniform() * SLOT_MS);
      run.stop.abort(new Error("SIGTERM"));
      await time.run(0);
      expect(run.state.ended, "it ends at once").to.equal(true);
      const [said, posted] = [gossip.sent.length, posts.length];
      await time.run(random.uniform() * SLOT_MS);
      expect(gossip.sent.slice(said).filter(({ from }) => from === keeper.address)).to.have.length(0);
      expect(posts.slice(posted).filter(({ by }) => by === keeper.address)).to.have.length(0);
      started[index] = keeper.start();
    }
    await time.run(2 * SLOT_MS);
    const hashes = new Map<string, ReportHead>();
    for (const { from, message } of gossip.sent) {
      if (message.kind !== "signature") continue;
      const { head } = message;
      const slot = `${from}/${nameOfRound(head)}`;
      expect(hashes.get(slot) ?? head, slot).to.deep.equal(head);
      hashes.set(slot, head);
    }
    expect(new Set(posts.map(({ round }) => round)).size).to.equal(posts.length);
    for (const { stop } of started) stop.abort();
  });
});
