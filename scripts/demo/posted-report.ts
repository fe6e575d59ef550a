import { type Provider, recoverAddress, ZeroHash } from "ethers";
import { KeeperRewards__factory } from "../../types/ethers-contracts/factories/oracle/KeeperRewards__factory.ts";
import type { RiskOracle, RiskReportStruct } from "../../types/ethers-contracts/oracle/RiskOracle.ts";

/** A report that the chain accepted, as its transaction shows it. */
export interface PostedReport {
  /** Gas of the whole transaction. */
  readonly gasUsed: bigint;
  /** Report keys that signed. */
  readonly signers: readonly string[];
  /** Whether it carries the root of an account-risk table. */
  readonly isRooted: boolean;
  /** Account that paid. */
  readonly transmitter: string;
}

/** A report is looked for in so many blocks. */
const BLOCKS_BACK = 64;

/** The newest report of the last blocks. @throws Error when there is none */
export async function readNewestReport(oracle: RiskOracle, provider: Provider): Promise<PostedReport> {
  const newest = (await oracle.queryFilter(oracle.filters.ReportAccepted, -BLOCKS_BACK)).at(-1);
  if (newest === undefined) throw new Error(`no report within ${BLOCKS_BACK} blocks`);
  const [sent, receipt] = await Promise.all([newest.getTransaction(), newest.getTransactionReceipt()]);
  // Keepers carry their reports through the rewards.
  const call = KeeperRewards__factory.createInterface().decodeFunctionData("submit", sent.data);
  const [report, signatures] = call as unknown as [RiskReportStruct, readonly string[]];
  const { configDigest, epoch, round, observedAt, blockNumber, blockHash, pegBps, accountRoot } = report;
  const [markets, smiles] = [[...report.markets], [...report.smiles]];
  const digest = await oracle.connect(provider).hashReport({
    configDigest,
    epoch,
    round,
    observedAt,
    blockNumber,
    blockHash,
    pegBps,
    accountRoot,
    markets,
    smiles,
  });
  return {
    gasUsed: receipt.gasUsed,
    signers: [...signatures].map((signature) => recoverAddress(digest, signature)),
    isRooted: accountRoot !== ZeroHash,
    transmitter: sent.from,
  };
}
