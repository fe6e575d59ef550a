import {
  AbiCoder,
  type BaseWallet,
  keccak256,
  recoverAddress,
  type TypedDataDomain,
  TypedDataEncoder,
} from "ethers";
import {
  type ReportHead,
  REPORT_PAYLOAD_ABI,
  RISK_REPORT_TYPES,
  type RiskReport,
  SCENARIO_SET_TYPES,
} from "../../core/report/typed-data.ts";
import { asHex, type Hex } from "../../ports/hex.ts";
import type { ReportSigner, SigningDomain } from "../../ports/signer.ts";

/** A report key held by an ethers wallet. */
export function createWalletSigner(wallet: BaseWallet): ReportSigner {
  return {
    address: asHex(wallet.address),
    headOf: reportHead,
    hashHead,
    hashData: (data) => asHex(keccak256(data)),
    signReport: async (domain, report) =>
      asHex(await wallet.signTypedData(mutable(domain), REPORT_TYPES, { ...reportHead(report) })),
    signScenarioSet: async (domain, message) =>
      asHex(await wallet.signTypedData(mutable(domain), SET_TYPES, message)),
    headSigner: (domain, head, signature) => recover(hashHead(domain, head), signature),
    scenarioSetSigner: (domain, message, signature) =>
      recover(TypedDataEncoder.hash(mutable(domain), SET_TYPES, message), signature),
  };
}

// ethers asks for arrays it may write to.
const REPORT_TYPES = { RiskReport: [...RISK_REPORT_TYPES.RiskReport] };
const SET_TYPES = { ScenarioSet: [...SCENARIO_SET_TYPES.ScenarioSet] };

/** The hash that keepers sign of a report, by its head. */
export function hashHead(domain: SigningDomain, head: ReportHead): Hex {
  return asHex(TypedDataEncoder.hash(mutable(domain), REPORT_TYPES, { ...head }));
}

/** Who signed a hash, or null when it is no signature. */
export function recover(hash: string, signature: Hex): Hex | null {
  try {
    return asHex(recoverAddress(hash, signature));
  } catch {
    return null;
  }
}

function mutable({ name, version, chainId, verifyingContract }: SigningDomain): TypedDataDomain {
  return { name, version, chainId, verifyingContract };
}

/** What EIP-712 hashes of a report: its head, with the payload by its hash. */
export function reportHead(report: RiskReport): ReportHead {
  const { configDigest, epoch, round, observedAt, blockNumber, blockHash } = report;
  const payload = AbiCoder.defaultAbiCoder().encode(REPORT_PAYLOAD_ABI, [
    report.pegBps,
    report.accountRoot,
    report.markets,
    report.smiles,
  ]);
  return {
    configDigest,
    epoch,
    round,
    observedAt,
    blockNumber,
    blockHash,
    payloadHash: asHex(keccak256(payload)),
  };
}
