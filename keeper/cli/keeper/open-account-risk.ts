import { keccak256 } from "ethers";
import { createAccountRiskChain } from "../../adapters/ethers/account-risk-chain.ts";
import { systemTimer } from "../../adapters/system/timer.ts";
import type { KeeperConfig } from "../../keeper-config.ts";
import { asHex } from "../../ports/hex.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { type AccountRiskTables, createAccountRisk } from "../../services/account-risk.ts";
import type { OpenChain } from "./open-chain.ts";

/** Times to resend a message between two looks for a new report, whose accounts are valued: slots may be those of a replay, and much longer. */
const LOOK_RESENDS = 3;

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
    lookMs: LOOK_RESENDS * config.protocol.resendMs,
  });
}
