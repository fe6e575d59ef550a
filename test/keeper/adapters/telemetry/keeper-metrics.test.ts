import { expect } from "chai";
import { createGossipRoom } from "../../../../keeper/adapters/memory/gossip.ts";
import { createKeeperMetrics } from "../../../../keeper/adapters/telemetry/keeper-metrics.ts";
import type { KeeperStatus } from "../../../../keeper/ports/keeper-status.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { keeperStatus, MEMBER_ADDRESSES, memberStatus } from "../../../support/keeper-status.ts";

const valueOf = (text: string, series: string): number | undefined => {
  const line = text.split("\n").find((entry) => entry.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};

describe("a keeper's metrics", () => {
  const [self = "0x", other = "0x"] = MEMBER_ADDRESSES;
  let status: KeeperStatus;
  const metrics = createKeeperMetrics(
    () => Promise.resolve(status),
    () => 5,
  );
  beforeEach(() => {
    status = keeperStatus();
  });

  it("show the report's age, the quorum and the process", async () => {
    const text = await metrics.text();
    expect(valueOf(text, "ballast_keeper_last_report_age_seconds")).to.equal(10);
    expect(valueOf(text, "ballast_keeper_last_report_timestamp_seconds")).to.equal(1_770_000_000);
    expect(valueOf(text, "ballast_keeper_quorum_margin")).to.equal(1);
    expect(valueOf(text, "ballast_keeper_ready")).to.equal(1);
    expect(valueOf(text, "ballast_keeper_status_available")).to.equal(1);
    expect(valueOf(text, "ballast_keeper_queue_drops_total")).to.equal(5);
    expect(valueOf(text, 'ballast_keeper_check_ok{check="store"}')).to.equal(1);
    expect(valueOf(text, "ballast_keeper_process_resident_memory_bytes")).to.be.greaterThan(1e6);
  });

  it("show each member and forget one that left", async () => {
    status = keeperStatus({
      members: [memberStatus(0), memberStatus(1, { missedStreak: 3, signedStreak: 0, balanceWei: null })],
    });
    const text = await metrics.text();
    expect(valueOf(text, `ballast_keeper_gas_balance_eth{member="${self}",self="true"}`)).to.equal(1.5);
    expect(valueOf(text, `ballast_keeper_missed_streak{member="${other}",self="false"}`)).to.equal(3);
    expect(valueOf(text, `ballast_keeper_deviation_bps{member="${other}",self="false"}`)).to.equal(1.25);
    expect(text).not.to.include(`ballast_keeper_gas_balance_eth{member="${other}"`);
    status = keeperStatus({ members: [memberStatus(0)] });
    expect(await metrics.text()).not.to.include(other);
  });

  it("are served when the state cannot be read, and say so", async () => {
    const blind = createKeeperMetrics(() => Promise.reject(new Error("no node")));
    expect(valueOf(await blind.text(), "ballast_keeper_status_available")).to.equal(0);
  });

  it("hold how long after their slots began reports were complete, in seconds", async () => {
    metrics.reportSigned(700);
    metrics.reportSigned(1_200);
    metrics.reportSigned(-50);
    const text = await metrics.text();
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
    const text = await metrics.text();
    expect(valueOf(text, 'ballast_keeper_events_total{level="warn",event="slow"}')).to.equal(2);
    expect(valueOf(text, 'ballast_keeper_events_total{level="info",event="round-done"}')).to.equal(1);
    expect(valueOf(text, 'ballast_keeper_messages_total{kind="observe",direction="out"}')).to.equal(1);
    expect(valueOf(text, 'ballast_keeper_messages_total{kind="observe",direction="in"}')).to.equal(1);
  });
});
