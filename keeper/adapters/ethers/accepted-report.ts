import { type Interface, type Log, type Provider, Result } from "ethers";
import { z } from "zod";
import { IKeeperRewards__factory } from "../../../types/ethers-contracts/factories/interfaces/IKeeperRewards__factory.ts";
import { ILiquidationEngine__factory } from "../../../types/ethers-contracts/factories/interfaces/ILiquidationEngine__factory.ts";
import { IReportCarrier__factory } from "../../../types/ethers-contracts/factories/interfaces/IReportCarrier__factory.ts";
import { IRiskOracle__factory } from "../../../types/ethers-contracts/factories/interfaces/IRiskOracle__factory.ts";
import type { ReportHead } from "../../core/report/typed-data.ts";
import { asHex, type Hex } from "../../ports/hex.ts";

/** Blocks that are looked through, newest first, in one question each. */
const BLOCKS_AT_ONCE = 1_000;
const MAX_QUESTIONS = 20;

/** The head of a report that the oracle accepted, and the signatures it came with. */
export interface AcceptedReport {
  readonly head: ReportHead;
  readonly signatures: readonly Hex[];
}

const ORACLE = IRiskOracle__factory.createInterface();
/** Everything that carries a report to the oracle. */
const CARRIERS: readonly Interface[] = [
  ORACLE,
  IKeeperRewards__factory.createInterface(),
  IReportCarrier__factory.createInterface(),
  ILiquidationEngine__factory.createInterface(),
];
const hex = z.string().transform(asHex);
const reportSchema = z.object({
  configDigest: hex,
  epoch: z.bigint(),
  round: z.bigint().transform(Number),
  observedAt: z.bigint().transform(Number),
  blockNumber: z.bigint(),
  blockHash: hex,
});

/** Epoch and round of a report, as its event names them. */
interface ReportName {
  readonly epoch: bigint;
  readonly round: bigint;
}

/**
 * An accepted report as its transaction shows it, whoever carried it; null when it is not within the last blocks, or came by a contract that
 * this program does not know.
 */
export async function readAcceptedReport(
  oracle: string,
  provider: Provider,
  name: ReportName,
): Promise<AcceptedReport | null> {
  const log = await findAcceptance(oracle, provider, name);
  if (log === null) return null;
  const payloadHash = asHex(String(ORACLE.parseLog(log)?.args["payloadHash"]));
  const transaction = await provider.getTransaction(log.transactionHash);
  return transaction === null ? null : decode(transaction.data, payloadHash);
}

/** The log by which the oracle says that it accepted a report; null when it is not within the last blocks. */
export async function findAcceptance(
  oracle: string,
  provider: Provider,
  { epoch, round }: ReportName,
): Promise<Log | null> {
  const topics = ORACLE.encodeFilterTopics("ReportAccepted", [epoch, round]);
  let toBlock = await provider.getBlockNumber();
  for (let question = 0; question < MAX_QUESTIONS && toBlock >= 0; question++) {
    const fromBlock = Math.max(0, toBlock - BLOCKS_AT_ONCE + 1);
    const [log] = await provider.getLogs({ address: oracle, topics, fromBlock, toBlock });
    if (log !== undefined) return log;
    toBlock = fromBlock - 1;
  }
  return null;
}

function decode(data: string, payloadHash: Hex): AcceptedReport | null {
  for (const carrier of CARRIERS) {
    const call = carrier.parseTransaction({ data });
    if (call === null) continue;
    const args = call.args.toObject();
    const report: unknown = args["report"];
    if (!(report instanceof Result)) continue;
    const { configDigest, epoch, round, observedAt, blockNumber, blockHash } = reportSchema.parse(
      report.toObject(),
    );
    return {
      head: { configDigest, epoch, round, observedAt, blockNumber, blockHash, payloadHash },
      signatures: z.array(hex).parse([...z.instanceof(Result).parse(args["signatures"])]),
    };
  }
  return null;
}
