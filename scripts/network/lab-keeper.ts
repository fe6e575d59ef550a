// One keeper of the network laboratory as a process of its own: the real protocol, libp2p, keys, signatures and SQLite store; the market and
// the chain are doubles, because the time until a report is signed leaves the chain aside. Writes one line of JSON for each report.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createWalletSigner } from "../../keeper/adapters/ethers/wallet-signer.ts";
import { createNetworkSigner } from "../../keeper/adapters/keystore/network-signer.ts";
import { startLibp2pGossip } from "../../keeper/adapters/libp2p/gossip.ts";
import { openSqliteStore } from "../../keeper/adapters/sqlite/keeper-store.ts";
import { systemClock } from "../../keeper/adapters/system/clock.ts";
import { systemTimer } from "../../keeper/adapters/system/timer.ts";
import { createWireCodec } from "../../keeper/adapters/wire/codec.ts";
import { slotAt } from "../../keeper/core/protocol/parameters.ts";
import { unpackMarketWord } from "../../keeper/core/report/words.ts";
import { joinAgreement } from "../../keeper/services/protocol/agreement.ts";
import { oracleDouble, ORACLE_DOMAIN, recordingTelemetry } from "../../test/support/keeper-doubles.ts";
import { labMembers, labObservation, LAB_MARKETS, labParameters, type LabReport } from "./lab-world.ts";

const MS_PER_SECOND = 1_000;
const TICK_MS = 10;

const { values: given } = parseArgs({
  options: {
    index: { type: "string", default: "0" },
    count: { type: "string", default: "4" },
    port: { type: "string", default: "0" },
    slot: { type: "string", default: "1" },
    folder: { type: "string", default: "." },
  },
});
const index = Number(given.index);
const members = labMembers(Number(given.count), Number(given.port));
const member = members[index];
if (member === undefined) throw new RangeError(`no keeper ${index}`);
const parameters = labParameters(Number(given.slot));
const addresses = members.map(({ peer }) => peer.keeper);
const networkKeys = members.map(({ peer }) => peer.networkKey);
const { chain, state } = oracleDouble(addresses, LAB_MARKETS, networkKeys);
const { configDigest } = state.keeperSet;
const telemetry = recordingTelemetry();
const stop = new AbortController();
process.once("SIGTERM", () => {
  stop.abort(new Error("stopped"));
});

const gossip = await startLibp2pGossip({
  self: member.peer.keeper,
  networkKey: member.key,
  listen: member.peer.endpoint,
  codec: createWireCodec(() => [configDigest]),
  telemetry: { info: () => undefined, warn: () => undefined, error: () => undefined },
  timer: systemTimer,
  seed: index,
});
await gossip.setPeers(members.map(({ peer }) => peer));
const store = openSqliteStore(join(given.folder, `keeper-${index}.sqlite`), {
  chainId: ORACLE_DOMAIN.chainId,
  registry: ORACLE_DOMAIN.verifyingContract,
  reportKey: member.peer.keeper,
});
const signer = createWalletSigner(member.wallet);
const agreement = await joinAgreement(
  {
    chain,
    gossip,
    signer,
    network: createNetworkSigner(member.key),
    store,
    clock: systemClock,
    timer: systemTimer,
    telemetry,
    parameters,
    participation: { signed: () => undefined, observed: () => undefined, completed: () => undefined },
    observe: () => Promise.resolve(labObservation(index)),
  },
  ({ report, signatures }) => {
    const line: LabReport = {
      round: report.round,
      epoch: report.epoch.toString(),
      hash: signer.hashHead(ORACLE_DOMAIN, signer.headOf(report)),
      spotsE8: report.markets.map((word) => unpackMarketWord(word).spotE8.toString()),
      sinceSlotMs: Date.now() - report.round * parameters.slotSeconds * MS_PER_SECOND,
      rssBytes: process.memoryUsage.rss(),
      refused: gossip.troubles("peer-message-refused") + gossip.troubles("peer-frame-refused"),
      dropped: gossip.troubles("peer-queue-full") + gossip.troubles("peer-rate-limited"),
    };
    console.log(JSON.stringify(line));
    chain.submitReport(report, signatures).catch(() => undefined);
  },
  stop.signal,
);
while (!stop.signal.aborted) {
  await agreement.beginSlot(slotAt(systemClock.nowSeconds(), parameters));
  await systemTimer.sleep(TICK_MS, stop.signal).catch(() => undefined);
}
await gossip.stop();
await store.close();
