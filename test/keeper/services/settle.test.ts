import { expect } from "chai";
import type { HeldExpiry } from "../../../keeper/ports/clearing-chain.ts";
import { settleExpiries } from "../../../keeper/services/settle.ts";
import { clearingDouble, type ClearingScript } from "../../support/clearing-double.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";

const EXPIRY = 1_770_000_000;
const DAY = 86_400;
const WINDOW = 1_800;
const NEAR: HeldExpiry = { market: 1, expirySeconds: EXPIRY, accounts: [3n, 5n] };
const FAR: HeldExpiry = { market: 2, expirySeconds: EXPIRY + DAY, accounts: [3n] };

const at = async (nowSeconds: number, script: ClearingScript = {}) => {
  const { chain, actions } = clearingDouble({ expiries: [NEAR, FAR], windowSeconds: WINDOW, ...script });
  const result = await settleExpiries(chain, { nowSeconds: () => nowSeconds }, recordingTelemetry());
  return { actions, ...result };
};

describe("the settler", () => {
  it("does nothing before the fixing window opens", async () => {
    expect((await at(EXPIRY - WINDOW - 1)).actions).to.deep.equal([]);
  });

  it("samples from the window's first second on, and fixes nothing before the expiry", async () => {
    for (const now of [EXPIRY - WINDOW, EXPIRY - 1]) {
      const { actions, fixed } = await at(now);
      expect(actions).to.deep.equal([`sample 1/${EXPIRY.toString()}`]);
      expect(fixed).to.deep.equal([]);
    }
  });

  it("fixes at the expiry and settles every holder of it, and none of the next expiry", async () => {
    const { actions, fixed, settledAccounts } = await at(EXPIRY);
    expect(actions).to.deep.equal([
      `sample 1/${EXPIRY.toString()}`,
      `fix 1/${EXPIRY.toString()}`,
      "settle 3",
      "settle 5",
    ]);
    expect(fixed).to.deep.equal([NEAR]);
    expect(settledAccounts).to.equal(2);
  });

  it("settles on a fixing that somebody else wrote", async () => {
    const { actions } = await at(EXPIRY + 60, {
      fixed: [`1/${EXPIRY.toString()}`],
      refuse: (action) => (action.startsWith("sample") ? "OutsideWindow" : null),
    });
    expect(actions).to.deep.equal(["settle 3", "settle 5"]);
  });

  it("waits when the fixing is not due, and settles nobody", async () => {
    const { actions, settledAccounts } = await at(EXPIRY, {
      refuse: (action) => (action.startsWith("fix") ? "TooFewSamples" : null),
    });
    expect(actions).to.deep.equal([`sample 1/${EXPIRY.toString()}`]);
    expect(settledAccounts).to.equal(0);
  });

  it("goes on after an account that cannot be settled", async () => {
    const { actions, settledAccounts } = await at(EXPIRY, {
      refuse: (action) => (action === "settle 3" ? "NothingToSettle" : null),
    });
    expect(actions.at(-1)).to.equal("settle 5");
    expect(settledAccounts).to.equal(1);
  });
});
