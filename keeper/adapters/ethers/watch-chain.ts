import type { JsonRpcApiProvider } from "ethers";
import { KeeperRegistry__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperRegistry__factory.ts";
import type { Hex } from "../../ports/hex.ts";
import type { KeeperSet } from "../../ports/oracle-chain.ts";
import type { SigningDomain } from "../../ports/signer.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { ChainUnavailable } from "../../ports/transaction-sender.ts";
import type {
  Configurations,
  SubmittedReport,
  UnreadTransaction,
  WatchChain,
  WatchedBlock,
} from "../../ports/watch-chain.ts";
import { findReports } from "./find-reports.ts";
import { readKeeperSet } from "./oracle-chain.ts";
import { toQuantity } from "./rpc-schema.ts";
import { callsTo } from "./trace-calls.ts";
import { reportHead } from "./wallet-signer.ts";
import { type Acceptance, acceptanceOf, KEEPERS_SET, keeperSetOf, REPORT_ACCEPTED } from "./watch-events.ts";
import { parseWatchedBlock, parseWatchedLogs, parseWatchedTransaction } from "./watch-schema.ts";

export interface WatchAddresses {
  readonly riskOracle: Hex;
  readonly keeperRegistry: Hex;
}

/** Where and how a chain is read. */
interface Reading {
  readonly addresses: WatchAddresses;
  readonly domain: SigningDomain;
  readonly provider: JsonRpcApiProvider;
}

/** Blocks, events and traces through JSON-RPC. No transaction can be such that its block is not read. */
export function createWatchChain(
  addresses: WatchAddresses,
  domain: SigningDomain,
  provider: JsonRpcApiProvider,
  telemetry: Telemetry,
): WatchChain {
  const reading = { addresses, domain, provider };
  const header = async (tag: string) =>
    parseWatchedBlock(await provider.send("eth_getBlockByNumber", [tag, false]));
  const latestBlock = async () => {
    const block = await header("latest");
    if (block === null) throw new Error("the node returned no latest block: check that it is synchronised");
    return { number: block.number, hash: block.hash };
  };
  return {
    latestBlock,
    hashOf: async (number) => (await header(toQuantity(number)))?.hash ?? null,
    configurations: followConfigurations(reading, async () => (await latestBlock()).number, telemetry),
    block: (number, configurations) => readBlock(reading, number, configurations),
  };
}

/** Reads all configurations from the registry's events, then the new ones only. */
function followConfigurations(
  { addresses, provider }: Reading,
  headNumber: () => Promise<bigint>,
  telemetry: Telemetry,
): () => Promise<Configurations> {
  const known = new Map<Hex, KeeperSet>();
  let next = 0n;
  const readEvents = async (head: bigint): Promise<readonly KeeperSet[]> => {
    const { keeperRegistry: address } = addresses;
    const range = { fromBlock: toQuantity(next), toBlock: toQuantity(head) };
    const logs: unknown = await provider.send("eth_getLogs", [{ address, topics: [KEEPERS_SET], ...range }]);
    return parseWatchedLogs(logs).map(keeperSetOf);
  };
  return async () => {
    const head = await headNumber();
    if (head < next) return known;
    try {
      for (const set of await readEvents(head)) known.set(set.configDigest, set);
    } catch (error) {
      if (next > 0n || error instanceof ChainUnavailable) throw error;
      const registry = KeeperRegistry__factory.connect(addresses.keeperRegistry, provider);
      const set = await readKeeperSet(registry, Number(head));
      known.set(set.configDigest, set);
      telemetry.warn("earlier-configurations-unknown", {
        reason:
          "the node shows no events so far back: what keepers of replaced configurations signed is not seen",
      });
    }
    next = head + 1n;
    return known;
  };
}

async function readBlock(
  reading: Reading,
  number: bigint,
  configurations: Configurations,
): Promise<WatchedBlock | null> {
  const { provider, addresses } = reading;
  const block = parseWatchedBlock(await provider.send("eth_getBlockByNumber", [toQuantity(number), true]));
  if (block === null) return null;
  const { hash, parentHash, timestamp, transactions } = block;
  const filter = { address: addresses.riskOracle, topics: [REPORT_ACCEPTED], blockHash: hash };
  const accepted = parseWatchedLogs(await provider.send("eth_getLogs", [filter])).map(acceptanceOf);
  const finds = new Finds(reading, number, configurations, accepted);
  for (const [index, value] of transactions.entries()) {
    const transaction = parseWatchedTransaction(value);
    if (transaction === null)
      finds.skip(hash, `transaction ${index.toString()} of this block has another form`);
    else finds.search(transaction.hash, transaction.input);
  }
  await finds.traceMissing();
  const { reports, unread } = finds;
  return { number, hash, parentHash, timestampSeconds: Number(timestamp), reports, unread };
}

/** What has been found in one block so far. */
class Finds {
  readonly #reading: Reading;
  readonly #blockNumber: bigint;
  readonly #configurations: Configurations;
  readonly #accepted: readonly Acceptance[];
  /** By transaction and hash: a trace may find more of what the data showed in part. */
  readonly #reports = new Map<string, SubmittedReport>();
  readonly #unread: UnreadTransaction[] = [];

  constructor(
    reading: Reading,
    blockNumber: bigint,
    configurations: Configurations,
    accepted: readonly Acceptance[],
  ) {
    this.#reading = reading;
    this.#blockNumber = blockNumber;
    this.#configurations = configurations;
    this.#accepted = accepted;
  }

  get reports(): readonly SubmittedReport[] {
    return [...this.#reports.values()];
  }

  get unread(): readonly UnreadTransaction[] {
    return this.#unread;
  }

  skip(transaction: Hex, reason: string, isAccepted = false): void {
    this.#unread.push({ transaction, reason, isAccepted });
  }

  search(transaction: Hex, data: Hex): void {
    const { found, isCrowded } = findReports(data, this.#configurations, this.#reading.domain);
    for (const { report, hash, signatures } of found) {
      const { payloadHash } = reportHead(report);
      const isAccepted = this.#accepted.some(
        (each) =>
          each.transaction === transaction &&
          each.epoch === report.epoch &&
          each.round === report.round &&
          each.payloadHash === payloadHash,
      );
      const submitted = { transaction, blockNumber: this.#blockNumber, isAccepted, report, signatures };
      this.#reports.set(`${transaction}/${hash}`, submitted);
    }
    if (isCrowded) this.skip(transaction, "it holds more reports or signatures than are looked at");
  }

  /** Looks into the calls of transactions whose data do not show the report that the oracle accepted from them. */
  async traceMissing(): Promise<void> {
    const { addresses, provider } = this.#reading;
    for (const missing of this.#accepted) {
      if (this.#isWhole(missing)) continue;
      const { transaction } = missing;
      const calls = await callsTo(addresses.riskOracle, transaction, provider);
      if (typeof calls !== "string") for (const data of calls) this.search(transaction, data);
      if (this.#isWhole(missing)) continue;
      const why = typeof calls === "string" ? calls : "no call to the oracle holds it either";
      this.skip(
        transaction,
        `its data do not hold the accepted report with its signatures, and ${why}`,
        true,
      );
    }
  }

  /** Whether the report was found with a quorum of signatures. */
  #isWhole({ transaction, epoch, round }: Acceptance): boolean {
    return this.reports.some(({ report, signatures, isAccepted, ...found }) => {
      const isIt = isAccepted && found.transaction === transaction;
      const quorum = this.#configurations.get(report.configDigest)?.quorum ?? 1;
      return isIt && report.epoch === epoch && report.round === round && signatures.length >= quorum;
    });
  }
}
