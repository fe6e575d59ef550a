import { expect } from "chai";
import { transmissionTurn } from "../../../../keeper/core/protocol/leaders.ts";
import { DEFAULT_PARAMETERS } from "../../../../keeper/core/protocol/parameters.ts";
import type { SignedScenarioSet } from "../../../../keeper/ports/gossip.ts";
import type { Hex } from "../../../../keeper/ports/hex.ts";
import type { OracleChain } from "../../../../keeper/ports/oracle-chain.ts";
import { createScenarioPublication } from "../../../../keeper/services/protocol/scenario-publication.ts";
import {
  hashOfSet,
  keeperSetOf,
  oracleDouble,
  ORACLE_DOMAIN,
  recordingTelemetry,
} from "../../../support/keeper-doubles.ts";
import { ADDRESSES, DATA, OTHER_DATA } from "../../../support/scenario-keepers.ts";
import { hashSigner, START_SECONDS } from "../../../support/simulated-keepers.ts";
import { virtualTime } from "../../../support/virtual-time.ts";

const { stageMs } = DEFAULT_PARAMETERS;
const CYCLE_MS = ADDRESSES.length * stageMs;
const KEEPERS = keeperSetOf(ADDRESSES);
const setOf = (setId: bigint, data: Hex = DATA): SignedScenarioSet => ({
  setId,
  data,
  configDigest: KEEPERS.configDigest,
  signatures: [],
});
/** The keepers in the order in which they are to publish a set. */
const inTurn = (setId: bigint) => [...ADDRESSES].sort((a, b) => turnOf(a, setId) - turnOf(b, setId));
const turnOf = (address: Hex, setId: bigint) =>
  transmissionTurn(address, { epoch: setId, round: 0 }, KEEPERS.keepers, KEEPERS.configDigest);

/** Keepers that publish on one chain; those that are ill have every transaction refused. */
function stage(ill: ReadonlySet<Hex> = new Set()) {
  const oracle = oracleDouble(ADDRESSES, []);
  const time = virtualTime(START_SECONDS);
  const committee = {
    keeperSet: oracle.state.keeperSet,
    domain: ORACLE_DOMAIN,
    limits: { minPegBps: 0n, maxPegBps: 0n, markets: [] },
  };
  const tries: Hex[] = [];
  const open = (address: Hex) => {
    const stop = new AbortController();
    const telemetry = recordingTelemetry();
    const chain: OracleChain = {
      ...oracle.chain,
      publishScenarioSet: (...given) => {
        tries.push(address);
        return ill.has(address)
          ? Promise.reject(new Error("insufficient funds"))
          : oracle.chain.publishScenarioSet(...given);
      },
    };
    const signer = hashSigner(address, ADDRESSES);
    const parts = { chain, signer, timer: time.timer, telemetry, parameters: DEFAULT_PARAMETERS };
    return { stop, telemetry, publication: createScenarioPublication(parts, () => committee, stop.signal) };
  };
  return { oracle, time, tries, open };
}

describe("the publication of a scenario set", () => {
  it("is the first keeper's in turn; the others look at the chain and stay silent", async () => {
    const { oracle, time, tries, open } = stage();
    for (const address of ADDRESSES) open(address).publication.schedule(setOf(1n));
    await time.run(0);
    expect(tries).to.deep.equal(inTurn(1n).slice(0, 1));
    await time.run(3 * CYCLE_MS);
    expect(tries).to.have.length(1);
    expect(oracle.state.scenarioSet).to.deep.equal({ setId: 1n, dataHash: hashOfSet(DATA) });
  });

  it("falls to the next in turn, no earlier than a stage later", async () => {
    const { time, tries, open } = stage();
    for (const address of inTurn(1n).slice(1)) open(address).publication.schedule(setOf(1n));
    await time.run(stageMs - 1);
    expect(tries).to.have.length(0);
    await time.run(1);
    expect(tries).to.deep.equal(inTurn(1n).slice(1, 2));
  });

  it("is tried by all in turn until it succeeds, also by those whose transactions were refused before", async () => {
    const ill = new Set(ADDRESSES);
    const { oracle, time, tries, open } = stage(ill);
    const keepers = ADDRESSES.map((address) => {
      const keeper = open(address);
      keeper.publication.schedule(setOf(1n));
      return keeper;
    });
    await time.run(2 * CYCLE_MS - 1);
    expect(tries).to.deep.equal([...inTurn(1n), ...inTurn(1n)]);
    for (const { telemetry } of keepers)
      expect(
        telemetry.lines.map(({ event, fields }) => `${event}: ${String(fields["reason"])}`),
      ).to.deep.equal(Array(2).fill("scenario-set-not-posted: Error: insufficient funds"));
    ill.clear();
    await time.run(CYCLE_MS);
    expect(tries).to.have.length(2 * ADDRESSES.length + 1);
    expect(oracle.state.scenarioSet.setId).to.equal(1n);
  });

  it("is repeated when a reorganisation takes the set away, by one keeper", async () => {
    const { oracle, time, tries, open } = stage();
    for (const address of ADDRESSES) open(address).publication.schedule(setOf(1n));
    await time.run(CYCLE_MS);
    oracle.state.scenarioSet = { setId: 0n, dataHash: hashOfSet(OTHER_DATA) };
    await time.run(CYCLE_MS);
    expect(oracle.state.scenarioSet.setId).to.equal(1n);
    expect(tries).to.have.length(2);
  });

  it("gives way to a newer set, and ends with the process", async () => {
    const { oracle, time, tries, open } = stage();
    const [last = "0x"] = inTurn(1n).slice(-1);
    const { publication, stop } = open(last);
    publication.schedule(setOf(1n));
    publication.schedule(setOf(1n, OTHER_DATA));
    await time.run(CYCLE_MS);
    expect(tries).to.have.length(1);
    expect(oracle.state.scenarioSet.dataHash).to.equal(hashOfSet(OTHER_DATA));
    publication.schedule(setOf(2n));
    stop.abort(new Error("SIGTERM"));
    await time.run(2 * CYCLE_MS);
    expect(oracle.state.scenarioSet.setId).to.equal(1n);
  });
});
