import { expect } from "chai";
import { processorMs } from "../../../scripts/network/processor-time.ts";

describe("a process's processor time", () => {
  it("is what the process itself counts, where the system says", function () {
    if (process.platform !== "linux") {
      expect(processorMs(process.pid)).to.equal(null);
      return;
    }
    const busyUntilMs = performance.now() + 200;
    while (performance.now() < busyUntilMs);
    const { user, system } = process.cpuUsage();
    expect(processorMs(process.pid)).to.be.closeTo((user + system) / 1_000, 50);
  });

  it("is unknown of a process that is gone", () => {
    expect(processorMs(2 ** 30)).to.equal(null);
  });
});
