import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Gossip } from "../../ports/gossip.ts";
import type { KeeperStatus, MemberStatus } from "../../ports/keeper-status.ts";
import type { Telemetry, TelemetryFields } from "../../ports/telemetry.ts";

const PREFIX = "ballast_keeper_";
const WEI_PER_ETH = 1e18;
const MILLISECONDS = 1_000;
/** Upper bounds in seconds: fine around the time that a round should take, up to a default slot and beyond. */
const SIGNED_BUCKETS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 15, 30];

/** A keeper's metrics: what its status says, how many messages and events passed, and what the process uses. */
export interface KeeperMetrics {
  readonly contentType: string;
  /** Everything in the text format of Prometheus. */
  text(): Promise<string>;
  /** Passes events on and counts them by level and name. */
  countEvents(inner: Telemetry): Telemetry;
  /** Passes messages on and counts them by kind and direction. */
  countMessages(inner: Gossip): Gossip;
  /** Adds to the histogram of times from a slot's beginning until its report is complete here. */
  reportSigned(sinceSlotMs: number): void;
}

/**
 * @param status what the keeper knows now; read once for each text
 * @param queueDrops messages that were dropped from full queues since the start
 */
export function createKeeperMetrics(
  status: () => Promise<KeeperStatus>,
  queueDrops: () => number = () => 0,
): KeeperMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  const events = new Counter({
    name: `${PREFIX}events_total`,
    help: "Logged events by level and name",
    labelNames: ["level", "event"],
    registers: [registry],
  });
  const messages = new Counter({
    name: `${PREFIX}messages_total`,
    help: "Messages among keepers by kind and direction",
    labelNames: ["kind", "direction"],
    registers: [registry],
  });
  const signed = new Histogram({
    name: `${PREFIX}report_signed_seconds`,
    help: "Time from a slot's beginning until this keeper holds its report with a quorum of signatures",
    buckets: SIGNED_BUCKETS,
    registers: [registry],
  });
  const gauges = createGauges(registry);
  return {
    contentType: registry.contentType,
    text: async () => {
      gauges.queueDrops.reset();
      gauges.queueDrops.inc(queueDrops());
      try {
        showStatus(gauges, await status());
        gauges.up.set(1);
      } catch {
        // Without a status the process still answers; the gauge says that it cannot see its state.
        gauges.up.set(0);
      }
      return registry.metrics();
    },
    countEvents: (inner) => {
      const pass = (level: "info" | "warn" | "error") => (event: string, fields?: TelemetryFields) => {
        events.inc({ level, event });
        inner[level](event, fields);
      };
      return { info: pass("info"), warn: pass("warn"), error: pass("error") };
    },
    reportSigned: (sinceSlotMs) => {
      // Another keeper's clock may be ahead of this one's.
      signed.observe(Math.max(0, sinceSlotMs) / MILLISECONDS);
    },
    countMessages: (inner) => countMessages(inner, messages),
  };
}

function countMessages(inner: Gossip, messages: Counter): Gossip {
  inner.subscribe((from, { kind }) => {
    if (from !== inner.self) messages.inc({ kind, direction: "in" });
  });
  return {
    ...inner,
    publish: (message) => {
      messages.inc({ kind: message.kind, direction: "out" });
      inner.publish(message);
    },
    send: (to, message) => {
      messages.inc({ kind: message.kind, direction: "out" });
      inner.send(to, message);
    },
  };
}

type Gauges = ReturnType<typeof createGauges>;

function createGauges(registry: Registry) {
  const gauge = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Gauge({ name: `${PREFIX}${name}`, help, labelNames, registers: [registry] });
  const member = (name: string, help: string) => gauge(name, help, ["member", "self"]);
  return {
    up: gauge("status_available", "1 when the keeper can see its own state and the chain"),
    ready: gauge("ready", "1 when every readiness check passes"),
    check: gauge("check_ok", "1 when this readiness check passes", ["check"]),
    reportSeconds: gauge(
      "last_report_timestamp_seconds",
      "Time at which the chain's newest report was observed",
    ),
    reportAge: gauge("last_report_age_seconds", "Age of the chain's newest report"),
    reportEpoch: gauge("last_report_epoch", "Epoch of the chain's newest report"),
    heartbeat: gauge("heartbeat_seconds", "Longest time between reports that governance allows"),
    quorumMargin: gauge("quorum_margin", "Reachable keepers less those that a report needs"),
    reachable: gauge("members_reachable", "Keepers that can be reached, this one included"),
    members: gauge("members", "Keepers in the set"),
    openTransactions: gauge("open_transactions", "Transactions sent or intended and not yet final"),
    queueDrops: new Counter({
      name: `${PREFIX}queue_drops_total`,
      help: "Messages dropped from full queues",
      registers: [registry],
    }),
    deviation: member("deviation_bps", "Spot of a keeper against the report's median, bps"),
    signedStreak: member("signed_streak", "Reports in a row that a keeper signed"),
    missedStreak: member("missed_streak", "Reports in a row without a keeper's signature"),
    connected: member("member_connected", "1 when a keeper can be reached"),
    balance: member("gas_balance_eth", "Balance of a keeper's transmitter"),
  };
}

function showStatus(gauges: Gauges, status: KeeperStatus): void {
  const { report, quorum } = status;
  gauges.ready.set(Number(status.ready));
  for (const { name, ok } of status.checks) gauges.check.set({ check: name }, Number(ok));
  if (report !== null) {
    gauges.reportSeconds.set(report.observedAtSeconds);
    gauges.reportAge.set(status.nowSeconds - report.observedAtSeconds);
    gauges.reportEpoch.set(Number(report.epoch));
  }
  gauges.heartbeat.set(status.heartbeatSeconds);
  gauges.quorumMargin.set(quorum.margin);
  gauges.reachable.set(quorum.reachable);
  gauges.members.set(quorum.members);
  gauges.openTransactions.set(status.openTransactions);
  const { deviation, signedStreak, missedStreak, connected, balance } = gauges;
  // A keeper that left the set leaves the metrics too.
  for (const each of [deviation, signedStreak, missedStreak, connected, balance]) each.reset();
  for (const member of status.members) showMember(gauges, member);
}

function showMember(gauges: Gauges, { address, isSelf, ...member }: MemberStatus): void {
  const labels = { member: address, self: String(isSelf) };
  gauges.signedStreak.set(labels, member.signedStreak);
  gauges.missedStreak.set(labels, member.missedStreak);
  gauges.connected.set(labels, Number(member.connected));
  if (member.deviationBps !== null) gauges.deviation.set(labels, member.deviationBps);
  if (member.balanceWei !== null) gauges.balance.set(labels, Number(member.balanceWei) / WEI_PER_ETH);
}
