import { keccak256 } from "ethers";
import { createAccountRiskChain } from "../../adapters/ethers/account-risk-chain.ts";
import { systemTimer } from "../../adapters/system/timer.ts";
import type { KeeperConfig } from "../../keeper-config.ts";
import { asHex } from "../../ports/hex.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { type AccountRiskTables, createAccountRisk } from "../../services/account-risk.ts";
import type { OpenChain } from "./open-chain.ts";

/** How often in a slot the chain is asked for a new report, whose accounts are valued. */
const LOOKS_PER_SLOT = 5;
const MILLISECONDS = 1_000;

interface Base {
  readonly config: Pick<KeeperConfig, "protocol">;
  readonly open: Pick<OpenChain, "deployment" | "provider">;
  readonly telemetry: Telemetry;
}

/** A keeper's tables of account risk, made beside the rounds, which take from them what there is. */
export function openAccountRisk({ config, open, telemetry }: Base): AccountRiskTables {
  return createAccountRisk({
    chain: createAccountRiskChain(open.deployment.addresses, open.provider),
    timer: systemTimer,
    telemetry,
    keccak256: (data) => asHex(keccak256(data)),
    lookMs: (config.protocol.slotSeconds * MILLISECONDS) / LOOKS_PER_SLOT,
  });
}
