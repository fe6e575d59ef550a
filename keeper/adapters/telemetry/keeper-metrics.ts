import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Gossip } from "../../ports/gossip.ts";
import type { KeeperStatus, MemberStatus } from "../../ports/keeper-status.ts";
import type { Telemetry, TelemetryFields } from "../../ports/telemetry.ts";

const PREFIX = "ballast_keeper_";
const WEI_PER_ETH = 1e18;
const MILLISECONDS = 1_000;
/** Everything that a keeper process logs as an error. */
const ERROR_EVENTS = [
  "chain-clock-stopped",
  "chain-unreadable",
  "equivocation-not-proven",
  "equivocation-not-recorded",
  "equivocation-proven",
  "equivocation-seen",
  "expectation-not-reloaded",
  "history-not-read",
  "message-handler-failed",
  "prosecution-failed",
  "rpc-check-failed",
  "rpc-nodes-disagree",
  "rpc-set-aside",
  "status-not-shown",
  "store-connection-failed",
  "transaction-nonce-gap",
  "transaction-watch-failed",
  "view-not-changed",
] as const;
/** Upper bounds in seconds: fine around the time that a round should take, up to a default slot and beyond. */
const SIGNED_BUCKETS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 15, 30];

/** A keeper's metrics: what its status says, how many messages and events passed, and what the process uses. */
export interface KeeperMetrics {
  readonly contentType: string;
  /**
   * Everything in the text format of Prometheus. What a status does not know is left out, so that no old value stands for a new one.
   * @param queueDrops messages that were dropped from full queues since the start
   */
  text(status: KeeperStatus, queueDrops: number): Promise<string>;
  /** Passes events on and counts them by level and name. */
  countEvents(inner: Telemetry): Telemetry;
  /** Passes messages on and counts them by kind and direction. */
  countMessages(inner: Gossip): Gossip;
  /** Adds to the histogram of times from a slot's beginning until its report is complete here. */
  reportSigned(sinceSlotMs: number): void;
}

export function createKeeperMetrics(): KeeperMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  const events = new Counter({
    name: `${PREFIX}events_total`,
    help: "Logged events by level and name",
    labelNames: ["level", "event"],
    registers: [registry],
  });
  // A counter that first appears at one has never increased for Prometheus, and no alert on it fires.
  for (const event of ERROR_EVENTS) events.inc({ level: "error", event }, 0);
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
  const queueDrops = new Counter({
    name: `${PREFIX}queue_drops_total`,
    help: "Messages dropped from full queues",
    registers: [registry],
  });
  const gauges = createGauges(registry);
  return {
    contentType: registry.contentType,
    text: (status, drops) => {
      queueDrops.reset();
      queueDrops.inc(drops);
      showStatus(gauges, status);
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
    ready: gauge("ready", "1 when every readiness check passes"),
    check: gauge("check_ok", "1 when this readiness check passes", ["check"]),
    node: gauge("node_usable", "1 when this node of the chain is in use", ["node"]),
    sourceAccepted: gauge("source_accepted", "1 when this source's price counts", ["market", "source"]),
    sourceAge: gauge("source_age_seconds", "Age of this source's newest price", ["market", "source"]),
    blockNumber: gauge("chain_block_number", "Number of the chain's newest block"),
    clockAhead: gauge(
      "clock_ahead_of_chain_seconds",
      "The keeper's clock less the time of the chain's newest block",
    ),
    reportSeconds: gauge(
      "last_report_timestamp_seconds",
      "Time at which the newest report seen on the chain was observed; 0 before the first",
    ),
    reportEpoch: gauge("last_report_epoch", "Epoch of the newest report seen on the chain"),
    heartbeat: gauge("heartbeat_seconds", "Longest time between reports that governance allows"),
    quorumMargin: gauge("quorum_margin", "Reachable keepers less those that a report needs"),
    reachable: gauge("members_reachable", "Keepers that can be reached, this one included"),
    members: gauge("members", "Keepers in the set"),
    openTransactions: gauge("open_transactions", "Transactions sent or intended and not yet final"),
    oldestTransaction: gauge(
      "oldest_open_transaction_age_seconds",
      "Time since the oldest transaction that is not final was seen first; 0 when there is none",
    ),
    openProofs: gauge(
      "open_proofs",
      "Proofs of a keeper's two reports for one round that are not on the chain",
    ),
    deviation: member("deviation_bps", "Spot of a keeper against the report's median, bps"),
    signedStreak: member("signed_streak", "Reports in a row that a keeper signed"),
    missedStreak: member("missed_streak", "Reports in a row without a keeper's signature"),
    connected: member("member_connected", "1 when a keeper can be reached"),
    balance: member("gas_balance_eth", "Balance of a keeper's transmitter"),
  };
}

function showStatus(gauges: Gauges, status: KeeperStatus): void {
  const { chain, report, quorum, transactions } = status;
  gauges.ready.set(Number(status.ready));
  gauges.reportSeconds.set(report?.observedAtSeconds ?? 0);
  setOrForget(gauges.reportEpoch, report === null ? null : Number(report.epoch));
  setOrForget(gauges.heartbeat, status.heartbeatSeconds);
  setOrForget(gauges.blockNumber, chain === null ? null : Number(chain.blockNumber));
  setOrForget(gauges.clockAhead, chain?.clockAheadSeconds ?? null);
  setOrForget(gauges.quorumMargin, quorum?.margin ?? null);
  setOrForget(gauges.reachable, quorum?.reachable ?? null);
  setOrForget(gauges.members, status.members.length === 0 ? null : status.members.length);
  setOrForget(gauges.openTransactions, transactions?.open ?? null);
  setOrForget(gauges.oldestTransaction, transactions === null ? null : (transactions.oldestAgeSeconds ?? 0));
  setOrForget(gauges.openProofs, status.openProofs);
  const { check, node, sourceAccepted, sourceAge } = gauges;
  const { deviation, signedStreak, missedStreak, connected, balance } = gauges;
  const labelled = [
    check,
    node,
    sourceAccepted,
    sourceAge,
    deviation,
    signedStreak,
    missedStreak,
    connected,
    balance,
  ];
  // A keeper that left the set leaves the metrics too.
  for (const each of labelled) each.reset();
  for (const { name, ok } of status.checks) check.set({ check: name }, Number(ok));
  for (const { name, problem } of status.nodes) node.set({ node: name }, Number(problem === null));
  for (const { market, source, refusal, ageSeconds } of status.sources) {
    gauges.sourceAccepted.set({ market, source }, Number(refusal === null));
    if (ageSeconds !== null) gauges.sourceAge.set({ market, source }, ageSeconds);
  }
  for (const member of status.members) showMember(gauges, member);
}

function setOrForget(gauge: Gauge, value: number | null): void {
  if (value === null) gauge.remove();
  else gauge.set(value);
}

function showMember(gauges: Gauges, { address, isSelf, ...member }: MemberStatus): void {
  const labels = { member: address, self: String(isSelf) };
  gauges.signedStreak.set(labels, member.signedStreak);
  gauges.missedStreak.set(labels, member.missedStreak);
  if (member.connected !== null) gauges.connected.set(labels, Number(member.connected));
  if (member.deviationBps !== null) gauges.deviation.set(labels, member.deviationBps);
  if (member.balanceWei !== null) gauges.balance.set(labels, Number(member.balanceWei) / WEI_PER_ETH);
}
