// Reports signed by real keys, and the calls that carry them.
import { AbiCoder, concat, Wallet, zeroPadValue } from "ethers";
import { RiskOracle__factory } from "../../types/ethers-contracts/factories/oracle/RiskOracle__factory.ts";
import { hashHead, reportHead } from "../../keeper/adapters/ethers/wallet-signer.ts";
import type { RiskReport } from "../../keeper/core/report/typed-data.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import type { KeeperSet } from "../../keeper/ports/oracle-chain.ts";
import { keeperSetOf, ORACLE_DOMAIN } from "./keeper-doubles.ts";
import { signedReport } from "./signed-reports.ts";

const KEY_BYTES = 32;
const ORACLE = RiskOracle__factory.createInterface();
const REPORT_TYPE = ORACLE.getFunction("submit").inputs[0]!;

export const SIGNING_KEEPERS = [1, 2, 3, 4].map(
  (number) => new Wallet(zeroPadValue(`0x0${number.toString()}`, KEY_BYTES)),
);

/** The configuration of these keepers, by its digest. */
export function signingConfigurations(): ReadonlyMap<Hex, KeeperSet> {
  const set = keeperSetOf(SIGNING_KEEPERS.map(({ address }) => asHex(address)));
  return new Map([[set.configDigest, set]]);
}

/** A report of these keepers' configuration. */
export function reportOfRound(round = 7, changes: Partial<RiskReport> = {}): RiskReport {
  const [configDigest] = signingConfigurations().keys();
  if (configDigest === undefined) throw new Error("there is one configuration");
  return { ...signedReport(3n, round).report, configDigest, ...changes };
}

export function signatureOf(report: RiskReport, keeper: Wallet): Hex {
  return asHex(keeper.signingKey.sign(hashHead(ORACLE_DOMAIN, reportHead(report))).serialized);
}

const structOf = (report: RiskReport) => ({
  ...report,
  markets: [...report.markets],
  smiles: [...report.smiles],
});

/** The data of oracle.submit. */
export function submitCall(report: RiskReport, signatures: readonly Hex[]): Hex {
  return asHex(ORACLE.encodeFunctionData("submit", [structOf(report), [...signatures]]));
}

/** The data of some contract's own function that takes a report, its signatures and whatever else, in whatever order. */
export function wrappedCall(report: RiskReport, signatures: readonly Hex[]): Hex {
  const types = ["uint256", "bytes[]", "string", REPORT_TYPE];
  const values = [5n, [...signatures], "anything", structOf(report)];
  return asHex(concat(["0x12345678", AbiCoder.defaultAbiCoder().encode(types, values)]));
}

/** The data of a call that holds other calls' data as bytes. */
export function multicall(calls: readonly Hex[]): Hex {
  return asHex(concat(["0xac9650d8", AbiCoder.defaultAbiCoder().encode(["bytes[]"], [[...calls]])]));
}
