import type { KeeperStatus, MemberStatus } from "../../keeper/ports/keeper-status.ts";
import { asHex } from "../../keeper/ports/hex.ts";

export const MEMBER_ADDRESSES = ["a1", "b2", "c3", "d4"].map((digits) => asHex(`0x${digits.repeat(20)}`));

const REPORT = { epoch: 12n, round: 1, observedAtSeconds: 1_770_000_000 };

export function memberStatus(index: number, changes: Partial<MemberStatus> = {}): MemberStatus {
  return {
    address: MEMBER_ADDRESSES[index] ?? "0x",
    isSelf: index === 0,
    connected: true,
    lastReport: REPORT,
    deviationBps: 1.25 * index,
    signedStreak: 7,
    missedStreak: 0,
    transmitter: index === 0 ? asHex(`0x${"e5".repeat(20)}`) : null,
    balanceWei: index === 0 ? 1_500_000_000_000_000_000n : null,
    ...changes,
  };
}

/** A keeper of four that is well, ten seconds after a report. */
export function keeperStatus(changes: Partial<KeeperStatus> = {}): KeeperStatus {
  return {
    name: "keeper-1",
    version: "0.1.0",
    mode: "member",
    address: MEMBER_ADDRESSES[0] ?? null,
    chainId: 31_337,
    startedAtSeconds: 1_769_990_000,
    nowSeconds: REPORT.observedAtSeconds + 10,
    chain: {
      blockNumber: 42n,
      blockTimestampSeconds: REPORT.observedAtSeconds + 6,
      clockAheadSeconds: 4,
    },
    nodes: [{ name: "http://127.0.0.1:8545", problem: null }],
    sources: [{ market: "BTC", source: "kraken", refusal: null, ageSeconds: 2 }],
    report: REPORT,
    heartbeatSeconds: 3_600,
    openProofs: 0,
    quorum: { members: 4, required: 3, reachable: 4, margin: 1 },
    members: MEMBER_ADDRESSES.map((_address, index) => memberStatus(index)),
    transactions: { open: 0, oldestAgeSeconds: null },
    ready: true,
    checks: [{ name: "store", ok: true, detail: "open" }],
    ...changes,
  };
}
