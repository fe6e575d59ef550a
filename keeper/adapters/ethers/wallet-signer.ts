import {
  AbiCoder,
  type BaseWallet,
  concat,
  keccak256,
  recoverAddress,
  Signature,
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
import { remembered } from "../../core/remembered.ts";
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

const REPORT_ENCODER = TypedDataEncoder.from(REPORT_TYPES);
const EIP_191_TYPED_DATA = "0x1901";
const domainHashes = new WeakMap<SigningDomain, string>();

/** The hash that keepers sign of a report, by its head. */
export function hashHead(domain: SigningDomain, head: ReportHead): Hex {
  return asHex(keccak256(concat([EIP_191_TYPED_DATA, hashDomain(domain), REPORT_ENCODER.hash({ ...head })])));
}

/** Hashed once: a round names the same domain many times. */
function hashDomain(domain: SigningDomain): string {
  const known = domainHashes.get(domain);
  if (known !== undefined) return known;
  const hash = TypedDataEncoder.hashDomain(mutable(domain));
  domainHashes.set(domain, hash);
  return hash;
}

/** Signatures whose signers are remembered: those of a few rounds of many keepers. */
const REMEMBERED_SIGNERS = 256;

/**
 * Who signed a hash, or null when it is no signature in the one form that the contracts take: a report with another form among its signatures
 * would be refused, and a proof with one too. A signature comes twice, by itself and in a report: its signer is computed once.
 */
export const recover = remembered(recoverNow, REMEMBERED_SIGNERS);

function recoverNow(hash: string, signature: Hex): Hex | null {
  try {
    // 65 bytes, the lower s, and 27 or 28 behind; ethers reads other forms as well.
    const isAsContractsTakeIt = Signature.from(signature).serialized === signature.toLowerCase();
    return isAsContractsTakeIt ? asHex(recoverAddress(hash, signature)) : null;
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
