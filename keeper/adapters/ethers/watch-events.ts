import type { Interface } from "ethers";
import { z } from "zod";
import { KeeperRegistry__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperRegistry__factory.ts";
import { RiskOracle__factory } from "../../../types/ethers-contracts/factories/oracle/RiskOracle__factory.ts";
import { asHex, type Hex } from "../../ports/hex.ts";
import type { KeeperSet } from "../../ports/oracle-chain.ts";
import type { WatchedLog } from "./watch-schema.ts";

const ORACLE = RiskOracle__factory.createInterface();
const REGISTRY = KeeperRegistry__factory.createInterface();

/** First topics of the events that a watchtower reads. */
export const REPORT_ACCEPTED = ORACLE.getEvent("ReportAccepted").topicHash;
export const KEEPERS_SET = REGISTRY.getEvent("KeepersSet").topicHash;

const hex = z.string().transform(asHex);
const number = z.bigint().transform(Number);
const reportAccepted = z.tuple([z.bigint(), number, z.bigint(), hex, hex]);
const keepersSet = z.tuple([z.bigint(), hex, z.array(z.tuple([hex, hex, hex, z.string()])), number, hex]);

/** A report of which the oracle says that it accepted it. */
export interface Acceptance {
  readonly transaction: Hex;
  readonly epoch: bigint;
  readonly round: number;
  readonly payloadHash: Hex;
}

/** @throws Error when it is no ReportAccepted */
export function acceptanceOf(log: WatchedLog): Acceptance {
  const [epoch, round, , payloadHash] = reportAccepted.parse(argumentsOf(ORACLE, log));
  return { transaction: log.transactionHash, epoch, round, payloadHash };
}

/** @throws Error when it is no KeepersSet */
export function keeperSetOf(log: WatchedLog): KeeperSet {
  const [, configDigest, entries, faults] = keepersSet.parse(argumentsOf(REGISTRY, log));
  return {
    configDigest,
    keepers: entries.map(([reportKey]) => reportKey),
    networkKeys: entries.map(([, networkKey]) => networkKey),
    faults,
    quorum: 2 * faults + 1,
  };
}

function argumentsOf(contract: Interface, log: WatchedLog): unknown {
  return contract.parseLog(log)?.args.toArray(true);
}
