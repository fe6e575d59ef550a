import { createHistoryStore } from "../../adapters/replay/history-store.ts";
import { openRecordSource } from "../../adapters/venues/record-source.ts";
import type { KeeperConfig } from "../../keeper-config.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { updateHistory, type HistoryUpdate, type HistoryUpdateParts } from "../../services/history-update.ts";

type VenuesChoice = Extract<KeeperConfig["marketData"], { kind: "venues" }>;

interface UpdateParts extends Pick<HistoryUpdateParts, "clock" | "progress"> {
  readonly telemetry: Telemetry;
}

/** Continues the history in a configuration's data folder; the venues are asked for as long as that takes. Throws as `updateHistory`. */
export async function updateByConfig(
  { dataFolder, timeoutMs, origins }: Pick<VenuesChoice, "dataFolder" | "timeoutMs" | "origins">,
  { telemetry, ...parts }: UpdateParts,
): Promise<HistoryUpdate> {
  const source = await openRecordSource({ timeoutMs, origins, telemetry });
  try {
    return await updateHistory({ source, store: createHistoryStore(dataFolder), ...parts });
  } finally {
    source.close();
  }
}
