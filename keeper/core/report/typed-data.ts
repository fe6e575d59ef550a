/** 0x-prefixed hexadecimal. */
type Hex = `0x${string}`;

/** What keepers sign and post; the contract's RiskReport. */
export interface RiskReport {
  readonly configDigest: Hex;
  readonly epoch: bigint;
  readonly round: number;
  /** Unix seconds. */
  readonly observedAt: number;
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  /** Settlement coin in USD, bps of one dollar. */
  readonly pegBps: number;
  readonly accountRoot: Hex;
  /** Market words (words.ts), markets rising. */
  readonly markets: readonly bigint[];
  /** Smile words of the first market, then of the second, ...; expiries rising. */
  readonly smiles: readonly bigint[];
}

/** What is signed of a report, the payload by its hash; the contract's ReportHead. */
export interface ReportHead {
  readonly configDigest: Hex;
  readonly epoch: bigint;
  readonly round: number;
  /** Unix seconds. */
  readonly observedAt: number;
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  readonly payloadHash: Hex;
}

/** A report with enough signatures to be posted. */
export interface SignedReport {
  readonly report: RiskReport;
  /** 65 bytes each, in rising order of signer. */
  readonly signatures: readonly Hex[];
}

/** What keepers sign of a scenario set. */
export interface ScenarioSetMessage {
  readonly configDigest: Hex;
  readonly setId: bigint;
  /** keccak256 of the encoded set. */
  readonly dataHash: Hex;
}

/** EIP-712 type of a report: the payload enters by its hash, see REPORT_PAYLOAD_ABI. */
export const RISK_REPORT_TYPES = {
  RiskReport: [
    { name: "configDigest", type: "bytes32" },
    { name: "epoch", type: "uint64" },
    { name: "round", type: "uint32" },
    { name: "observedAt", type: "uint40" },
    { name: "blockNumber", type: "uint64" },
    { name: "blockHash", type: "bytes32" },
    { name: "payloadHash", type: "bytes32" },
  ],
} as const;

/** payloadHash = keccak256(abi.encode(pegBps, accountRoot, markets, smiles)). */
export const REPORT_PAYLOAD_ABI = ["uint16", "bytes32", "uint256[]", "uint256[]"] as const;

export const SCENARIO_SET_TYPES = {
  ScenarioSet: [
    { name: "configDigest", type: "bytes32" },
    { name: "setId", type: "uint64" },
    { name: "dataHash", type: "bytes32" },
  ],
} as const;

/** EIP-712 type of an order; the contract's Order. */
export const ORDER_TYPES = {
  Order: [
    { name: "account", type: "uint256" },
    { name: "instrument", type: "uint128" },
    { name: "sizeE8", type: "int128" },
    { name: "limitPriceE8", type: "uint128" },
    { name: "counterparty", type: "uint256" },
    { name: "reduceOnly", type: "bool" },
    { name: "nonce", type: "uint64" },
    { name: "deadline", type: "uint40" },
  ],
};
