import { expect } from "chai";
import { createWireCodec } from "../../../../keeper/adapters/wire/codec.ts";
import { createProposalArchive } from "../../../../keeper/adapters/wire/proposal-archive.ts";
import { testNetwork } from "../../../support/keeper-round.ts";
import { proposal } from "../../../support/report-rounds.ts";

const KEPT = 100;

describe("the archive of proposals", () => {
  const network = testNetwork();
  const { configDigest } = network.oracle.state.keeperSet;

  it("gives back the bytes of the wire, for the round and the configuration alone", () => {
    const archive = createProposalArchive();
    const kept = proposal(network);
    archive.keep(configDigest, kept);
    const found = archive.find(configDigest, kept);
    if (found === null) throw new Error("nothing is kept");
    expect(createWireCodec(() => [configDigest]).decode(found)).to.deep.equal(kept);
    expect(archive.find(configDigest, { ...kept, round: kept.round + 1 })).to.equal(null);
    expect(archive.find(`0x${"00".repeat(32)}`, kept)).to.equal(null);
  });

  it("forgets the oldest", () => {
    const archive = createProposalArchive();
    const first = proposal(network);
    const nth = (n: number) => ({ ...first, round: first.round + n });
    for (let n = 0; n <= KEPT; n++) archive.keep(configDigest, nth(n));
    expect(archive.find(configDigest, nth(0))).to.equal(null);
    expect(archive.find(configDigest, nth(1))).not.to.equal(null);
    expect(archive.find(configDigest, nth(KEPT))).not.to.equal(null);
  });
});
