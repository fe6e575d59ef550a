import { expect } from "chai";
import { ORACLE_DOMAIN } from "../../support/keeper-doubles.ts";
import { withFolder } from "../../support/keeper-file.ts";
import { openLiveKeepers } from "../../support/live-keepers-fuzz.ts";
import { networkTargets } from "../../support/network-targets.ts";
import { fileTargets, fuzzTarget, watchTargets, type FuzzTarget } from "../../support/parser-fuzz.ts";

const SEED = 20_241_124;
const RUNS = 250;
const QUORUM = 3;

async function feed(target: FuzzTarget): Promise<void> {
  const { name, refused } = await fuzzTarget(target, RUNS, SEED);
  expect(refused, name).to.be.greaterThan(RUNS / 2);
}

describe("parsers of what comes from outside", () => {
  it("refuse hostile files with their own errors and nothing else", async () => {
    await withFolder(async (folder) => {
      for (const target of await fileTargets(folder)) await feed(target);
    });
  });

  it("refuse hostile answers, frames and entries with their own errors, and read nothing unsound", async () => {
    const { targets, close } = await networkTargets();
    for (const target of [...watchTargets(), ...targets]) await feed(target);
    await close();
  });

  it("leave live keepers as they were, whatever one of four sends them", async () => {
    const { target, close } = await openLiveKeepers();
    await feed(target);
    close();
  });

  it("tell keepers that move from keepers that stay: a report that all four signed is a change", async () => {
    const { target, network, codec, close } = await openLiveKeepers();
    const known = network.heard.map(({ message }) => message).find(({ kind }) => kind === "final");
    if (known?.kind !== "final") throw new Error("nobody said the report");
    const report = { ...known.report, round: known.report.round + 1 };
    const byAddress = network.keepers.toSorted((a, b) =>
      BigInt(a.signer.address) < BigInt(b.signer.address) ? -1 : 1,
    );
    const signatures = await Promise.all(
      byAddress.slice(0, QUORUM).map(({ signer }) => signer.signReport(ORACLE_DOMAIN, report)),
    );
    const outcome = await Promise.resolve(
      target.read(codec.encode({ kind: "final", report, signatures })),
    ).catch(String);
    expect(outcome).to.include("the keepers were in");
    close();
  });
});
