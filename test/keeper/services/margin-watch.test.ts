import { expect } from "chai";
import { readAllHealth, watchMargin } from "../../../keeper/services/margin-watch.ts";
import { accountHealth, clearingDouble } from "../../support/clearing-double.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";

const HEALTHY = 20_000n;

describe("the margin watch", () => {
  it("reads every account once, whatever the page size leaves over", async () => {
    for (const count of [0, 1, 32, 33, 70]) {
      const accounts = Array.from({ length: count }, (_, i) => accountHealth(BigInt(i + 1), HEALTHY));
      const { chain } = clearingDouble({ accounts });
      expect(await readAllHealth(chain)).to.deep.equal(accounts);
    }
  });

  it("flags every account below 1, worst first, and none at 1", async () => {
    const { chain, actions } = clearingDouble({
      accounts: [
        accountHealth(1n, 9_999n),
        accountHealth(2n, 10_000n),
        accountHealth(3n, 0n),
        accountHealth(4n, 5_000n),
      ],
    });
    const { flagged } = await watchMargin(chain, recordingTelemetry());
    expect(actions).to.deep.equal(["flag 3", "flag 4", "flag 1"]);
    expect(flagged).to.deep.equal([3n, 4n, 1n]);
  });

  it("leaves a called account alone until it is at the target, then releases it", async () => {
    const { chain, actions } = clearingDouble({
      accounts: [
        accountHealth(1n, 9_000n),
        accountHealth(2n, 12_499n),
        accountHealth(3n, 12_500n),
        accountHealth(4n, 12_500n),
      ],
      called: [1n, 2n, 3n],
    });
    const { flagged, released } = await watchMargin(chain, recordingTelemetry());
    expect(actions).to.deep.equal(["release 3"]);
    expect(flagged).to.deep.equal([]);
    expect(released).to.deep.equal([3n]);
  });

  it("brings a called account up to date once it is insolvent, and no other", async () => {
    const quote = {
      version: 1,
      discountWad: 0n,
      maintenanceE6: 1n,
      maxShareWad: 1n,
      healthBps: 0n,
    };
    const { chain, actions } = clearingDouble({
      accounts: [accountHealth(1n, 400n), accountHealth(2n, 400n), accountHealth(3n, 2_500n)],
      called: [1n, 2n, 3n],
      quotes: [
        { ...quote, account: 1n, phase: "called" },
        { ...quote, account: 2n, phase: "insolvent" },
        { ...quote, account: 3n, phase: "insolvent" },
      ],
    });
    await watchMargin(chain, recordingTelemetry());
    expect(actions).to.deep.equal(["update 2"]);
  });

  it("goes on after a refusal and says why it was refused", async () => {
    const telemetry = recordingTelemetry();
    const { chain, actions } = clearingDouble({
      accounts: [accountHealth(1n, 1_000n), accountHealth(2n, 2_000n)],
      refuse: (action) => (action === "flag 1" ? "AlreadyCalled(1)" : null),
    });
    expect((await watchMargin(chain, telemetry)).flagged).to.deep.equal([2n]);
    expect(actions).to.deep.equal(["flag 2"]);
    const line = telemetry.lines.find(({ event }) => event === "action-refused");
    expect(line?.fields["account"]).to.equal(1n);
    expect(String(line?.fields["reason"])).to.include("AlreadyCalled(1)");
  });

  it("stops on an error that is not the contract's", async () => {
    const { chain } = clearingDouble({ accounts: [accountHealth(1n, 1_000n)] });
    const broken = { ...chain, flag: () => Promise.reject(new Error("connection lost")) };
    const outcome = await watchMargin(broken, recordingTelemetry()).catch(String);
    expect(outcome).to.include("connection lost");
  });
});
