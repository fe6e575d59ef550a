import {
  startStatusServer,
  type StatusServer,
  type StatusServerParts,
} from "../../adapters/http/status-server.ts";
import type { KeeperMetrics } from "../../adapters/telemetry/keeper-metrics.ts";
import type { KeeperConfig } from "../../keeper-config.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { KeeperMonitor } from "../../services/keeper-monitor.ts";
import { listenFailure } from "./listen-failure.ts";

interface StatusBase {
  readonly config: Pick<KeeperConfig, "http">;
  readonly metrics: KeeperMetrics;
  readonly telemetry: Telemetry;
  readonly signal: AbortSignal;
}

/** What a keeper shows beside its state. */
interface Shown extends Pick<StatusServerParts, "evidence" | "observations" | "accountRisk"> {
  queueDrops(): number;
}

/** Shows the keeper's state over HTTP from its first look on, and goes on looking. */
export async function serveStatus(
  { config, metrics, telemetry, signal }: StatusBase,
  monitor: KeeperMonitor,
  shown: Shown,
): Promise<StatusServer> {
  await monitor.look();
  const { host, port } = config.http;
  const server = await startStatusServer({
    host,
    port,
    status: () => monitor.status(),
    evidence: () => shown.evidence(),
    observations: (configDigest, round) => shown.observations(configDigest, round),
    metrics: {
      contentType: metrics.contentType,
      text: () => metrics.text(monitor.status(), shown.queueDrops()),
    },
    accountRisk: shown.accountRisk,
    telemetry,
  }).catch((error: unknown) => {
    throw listenFailure({ what: "the status page", where: `${host}:${port}`, field: "http" }, error);
  });
  // Never rejects: a look that fails is in the status.
  void monitor.watch(signal);
  return server;
}
