import { expect } from "chai";
import { createGossipRoom } from "../../../../keeper/adapters/memory/gossip.ts";
import { createKeeperMetrics } from "../../../../keeper/adapters/telemetry/keeper-metrics.ts";
import type { KeeperStatus } from "../../../../keeper/ports/keeper-status.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { sourcesOf } from "../../../support/source-files.ts";
import { keeperStatus, MEMBER_ADDRESSES, memberStatus } from "../../../support/keeper-status.ts";

const valueOf = (text: string, series: string): number | undefined => {
  const line = text.split("\n").find((entry) => entry.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};

describe("a keeper's metrics", () => {
  const [self = "0x", other = "0x"] = MEMBER_ADDRESSES;
  const metrics = createKeeperMetrics();
  const textOf = (status: KeeperStatus) => metrics.text(status, 5);

  it("show the report's time, the quorum, the chain and the process", async () => {
    const text = await textOf(keeperStatus({ transactions: { open: 2, oldestAgeSeconds: 61 } }));
    expect(valueOf(text, "ballast_keeper_last_report_timestamp_seconds")).to.equal(1_770_000_000);
    expect(valueOf(text, "ballast_keeper_quorum_margin")).to.equal(1);
    expect(valueOf(text, "ballast_keeper_ready")).to.equal(1);
    expect(valueOf(text, "ballast_keeper_clock_ahead_of_chain_seconds")).to.equal(4);
    expect(valueOf(text, "ballast_keeper_oldest_open_transaction_age_seconds")).to.equal(61);
    expect(valueOf(text, 'ballast_keeper_node_usable{node="http://127.0.0.1:8545"}')).to.equal(1);
    expect(valueOf(text, "ballast_keeper_queue_drops_total")).to.equal(5);
    expect(valueOf(text, 'ballast_keeper_check_ok{check="store"}')).to.equal(1);
    expect(valueOf(text, "ballast_keeper_process_resident_memory_bytes")).to.be.greaterThan(1e6);
  });

  it("show each member and forget one that left", async () => {
    const text = await textOf(
      keeperStatus({
        members: [memberStatus(0), memberStatus(1, { missedStreak: 3, signedStreak: 0, balanceWei: null })],
      }),
    );
    expect(valueOf(text, `ballast_keeper_gas_balance_eth{member="${self}",self="true"}`)).to.equal(1.5);
    expect(valueOf(text, `ballast_keeper_missed_streak{member="${other}",self="false"}`)).to.equal(3);
    expect(valueOf(text, `ballast_keeper_deviation_bps{member="${other}",self="false"}`)).to.equal(1.25);
    expect(text).not.to.include(`ballast_keeper_gas_balance_eth{member="${other}"`);
    expect(await textOf(keeperStatus({ members: [memberStatus(0)] }))).not.to.include(other);
  });

  it("show of each source whether it counts and how old its price is, and forget one that is gone", async () => {
    const sources = [
      { market: "BTC", source: "kraken", refusal: null, ageSeconds: 2 },
      { market: "ETH", source: "kraken", refusal: "timeout", ageSeconds: null },
    ];
    const text = await textOf(keeperStatus({ sources }));
    expect(valueOf(text, 'ballast_keeper_source_accepted{market="BTC",source="kraken"}')).to.equal(1);
    expect(valueOf(text, 'ballast_keeper_source_age_seconds{market="BTC",source="kraken"}')).to.equal(2);
    expect(valueOf(text, 'ballast_keeper_source_accepted{market="ETH",source="kraken"}')).to.equal(0);
    expect(text).not.to.include('source_age_seconds{market="ETH"');
    expect(await textOf(keeperStatus({ sources: [] }))).not.to.include("kraken");
  });

  it("keep no old value when the chain is away: not ready, and what is not known is not there", async () => {
    await textOf(keeperStatus());
    const text = await textOf(
      keeperStatus({
        chain: null,
        nodes: [{ name: "http://127.0.0.1:8545", problem: "no-answer" }],
        heartbeatSeconds: null,
        quorum: null,
        members: [],
        transactions: null,
        ready: false,
        checks: [{ name: "nodes", ok: false, detail: "away" }],
      }),
    );
    expect(valueOf(text, "ballast_keeper_ready")).to.equal(0);
    expect(valueOf(text, 'ballast_keeper_check_ok{check="nodes"}')).to.equal(0);
    expect(valueOf(text, 'ballast_keeper_node_usable{node="http://127.0.0.1:8545"}')).to.equal(0);
    expect(valueOf(text, "ballast_keeper_last_report_timestamp_seconds")).to.equal(1_770_000_000);
    for (const gone of [
      'check_ok{check="store"}',
      "clock_ahead_of_chain_seconds",
      "chain_block_number",
      "heartbeat_seconds",
      "quorum_margin",
      "members_reachable",
      "members",
      "open_transactions",
      "oldest_open_transaction_age_seconds",
      `gas_balance_eth{member="${self}",self="true"}`,
    ])
      expect(valueOf(text, `ballast_keeper_${gone}`), gone).to.equal(undefined);
  });

  it("say zero for the time of the newest report while there is none", async () => {
    const text = await textOf(keeperStatus({ report: null }));
    expect(valueOf(text, "ballast_keeper_last_report_timestamp_seconds")).to.equal(0);
    expect(valueOf(text, "ballast_keeper_last_report_epoch")).to.equal(undefined);
  });

  it("show every event that a keeper logs as an error at zero before its first, so that its first is an increase", async () => {
    const text = await textOf(keeperStatus());
    const bots = [
      "accepted-report-not-read",
      "blocks-replaced-beyond-memory",
      "report-deviates",
      "report-miscomputed",
      "round-failed",
      "wrong-spot-not-proven",
      "wrong-spot-proven",
      "wrong-spot-seen",
    ];
    const events = [...sourcesOf("keeper").matchAll(/[tT]elemetry\.error\(\s*"([^"]+)"/g)]
      .map(([, event = ""]) => event)
      .filter((event) => !bots.includes(event));
    expect(events.length).to.be.greaterThan(5);
    for (const event of events)
      expect(
        valueOf(text, `ballast_keeper_events_total{level="error",event="${event}"}`),
        `${event} belongs into ERROR_EVENTS of keeper-metrics.ts`,
      ).to.equal(0);
  });

  it("hold how long after their slots began reports were complete, in seconds", async () => {
    metrics.reportSigned(700);
    metrics.reportSigned(1_200);
    metrics.reportSigned(-50);
    const text = await textOf(keeperStatus());
    expect(valueOf(text, "ballast_keeper_report_signed_seconds_count")).to.equal(3);
    expect(valueOf(text, "ballast_keeper_report_signed_seconds_sum")).to.equal(1.9);
    expect(valueOf(text, 'ballast_keeper_report_signed_seconds_bucket{le="1"}')).to.equal(2);
  });

  it("count events by level and messages by kind and direction, and pass them on", async () => {
    const log = recordingTelemetry();
    const counted = metrics.countEvents(log);
    counted.info("round-done", { epoch: 1n });
    counted.warn("slow");
    counted.warn("slow");
    expect(log.lines).to.have.length(3);
    const room = createGossipRoom();
    const mine = metrics.countMessages(room.join(self));
    const heard: string[] = [];
    mine.subscribe((from) => heard.push(from));
    const message = { kind: "observe", epoch: 1n, round: 0, observedAtSeconds: 1 } as const;
    mine.publish(message);
    room.join(other).publish(message);
    await new Promise(setImmediate);
    expect(heard).to.deep.equal([self, other]);
    const text = await textOf(keeperStatus());
    expect(valueOf(text, 'ballast_keeper_events_total{level="warn",event="slow"}')).to.equal(2);
    expect(valueOf(text, 'ballast_keeper_events_total{level="info",event="round-done"}')).to.equal(1);
    expect(valueOf(text, 'ballast_keeper_messages_total{kind="observe",direction="out"}')).to.equal(1);
    expect(valueOf(text, 'ballast_keeper_messages_total{kind="observe",direction="in"}')).to.equal(1);
  });
});
