import { expect } from "chai";
import { NO_ACCOUNT_ROOT } from "../../../../keeper/core/report/account-root.ts";
import type { Observation } from "../../../../keeper/core/report/aggregate.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
import { HONEST_ROOT } from "../../../support/keeper-round.ts";
import {
  honest,
  observationBy,
  openedRound,
  proposal,
  refusals,
  runRound,
  settled,
  signaturesBy,
} from "../../../support/report-rounds.ts";

const OTHER_ROOT = asHex(`0x${"b8".repeat(32)}`);
const LIE = asHex(`0x${"11".repeat(32)}`);

const naming = (index: number, accountRoot: Hex): Observation => {
  const seen = honest[index];
  if (seen === undefined) throw new Error("four keepers observe");
  return { ...seen, accountRoot };
};

describe("the root that a report carries", () => {
  it("is the honest one, whatever one keeper of four names", async () => {
    for (const root of [LIE, NO_ACCOUNT_ROOT, OTHER_ROOT]) {
      const { signed } = await runRound({ views: { 2: naming(2, root) } });
      expect(signed.report.accountRoot).to.equal(HONEST_ROOT);
      expect(signed.signatures).to.have.length(3);
    }
  });

  it("is the honest one when one keeper is silent and one lags", async () => {
    const { signed } = await runRound({ silent: [3], views: { 1: naming(1, OTHER_ROOT) } });
    expect(signed.report.accountRoot).to.equal(HONEST_ROOT);
  });

  it("is none when not more than half name one, and the report is signed all the same", async () => {
    const views = { 1: naming(1, OTHER_ROOT), 2: naming(2, LIE) };
    const { signed } = await runRound({ views });
    expect(signed.report.accountRoot).to.equal(NO_ACCOUNT_ROOT);
  });

  it("is signed by keepers that have another table, or none: theirs is one vote", async () => {
    const { network } = await runRound({ views: { 1: naming(1, OTHER_ROOT) } });
    expect(signaturesBy(network, network.keepers[1])).to.have.length(1);
  });

  it("counts as its author signed it: a leader that changes it in an observation is refused", async () => {
    const { network, stop } = await openedRound();
    const observations = network.keepers.map(({ signer }, index) => {
      const { observation, signature } = observationBy(network, index, naming(index, HONEST_ROOT));
      return { from: signer.address, observation: { ...observation, accountRoot: LIE }, signature };
    });
    network.keepers[0].gossip.publish(proposal(network, { observations }));
    await settled();
    stop.abort();
    expect(refusals(network.keepers[2])).to.include("did not make");
    expect(signaturesBy(network, network.keepers[2])).to.have.length(0);
  });
});
