import { expect } from "chai";
import { createRareLog } from "../../../../keeper/services/protocol/rare-log.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { virtualTime } from "../../../support/virtual-time.ts";

const INTERVAL_MS = 10_000;

describe("a log of what peers cause", () => {
  it("writes a few lines of each event and peer at once, and says later how many were left out", async () => {
    const telemetry = recordingTelemetry();
    const time = virtualTime(0);
    const log = createRareLog({ telemetry, timer: time.timer });
    for (let turn = 0; turn < 1_000; turn++) log.warn("round-message-failed", "a", { turn });
    expect(telemetry.lines.map(({ fields }) => fields)).to.deep.equal(
      [0, 1, 2, 3, 4].map((turn) => ({ turn, leftOut: 0 })),
    );
    log.warn("round-message-failed", "b", {});
    log.warn("final-refused", "a", {});
    expect(telemetry.lines).to.have.length(7);
    await time.run(INTERVAL_MS - 1);
    log.warn("round-message-failed", "a", { turn: 1_000 });
    expect(telemetry.lines).to.have.length(7);
    await time.run(1);
    log.warn("round-message-failed", "a", { turn: 1_001 });
    expect(telemetry.lines.at(-1)?.fields).to.deep.equal({ turn: 1_001, leftOut: 996 });
  });
});
