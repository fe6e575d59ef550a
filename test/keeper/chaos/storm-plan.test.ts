import { expect } from "chai";
import { CONDUCTS } from "../../support/chaos-conducts.ts";
import { drawStorm } from "../../support/storm-plan.ts";

const LONG = drawStorm({ seed: 5, keepers: 7, turns: 200 });

describe("a storm drawn from a seed", () => {
  it("is the same for the same seed, and another for another", () => {
    const options = { keepers: 4, turns: 6 };
    expect(drawStorm({ ...options, seed: 8 })).to.deep.equal(drawStorm({ ...options, seed: 8 }));
    expect(drawStorm({ ...options, seed: 8 })).not.to.deep.equal(drawStorm({ ...options, seed: 9 }));
  });

  it("makes f keepers faulty, each another way, and over the seeds in every way", () => {
    const ways = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const { faulty } = drawStorm({ seed, keepers: 7, turns: 1 });
      expect(new Set(faulty.map(({ index }) => index)).size).to.equal(2);
      expect(new Set(faulty.map(({ conduct }) => conduct)).size).to.equal(2);
      for (const { conduct } of faulty) ways.add(conduct);
    }
    expect([...ways].sort()).to.deep.equal([...CONDUCTS].sort());
  });

  it("kills honest keepers only, before and after the writes to every table", () => {
    const kills = LONG.turns.flatMap(({ kill }) => kill ?? []);
    const points = new Set(kills.map(({ then }) => `${then.moment} ${then.table}`));
    expect(points.size).to.equal(12);
    const faulty = LONG.faulty.map(({ index }) => index);
    for (const { keeper, then } of kills) {
      expect(faulty).not.to.include(keeper);
      expect(then.nth).to.be.within(1, 2);
    }
  });

  it("brings every weather, reorganisations of 1 to 10 blocks, and one restart of the node", () => {
    const skies = new Set(LONG.turns.map(({ sky }) => sky));
    expect(skies.size).to.equal(7);
    const depths = new Set(LONG.turns.map(({ reorganise }) => reorganise));
    expect([...depths].sort((a, b) => a - b)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(LONG.turns.filter(({ restartNode }) => restartNode)).to.have.length(1);
  });

  it("lets at most one node of an honest keeper misbehave at a time", () => {
    for (const { nodes } of LONG.turns)
      expect(new Set(nodes.map(({ keeper }) => keeper)).size).to.equal(nodes.length);
  });

  it("cuts a partition in both directions, and stalls one direction alone when the sky says so", () => {
    const cut = LONG.turns.filter(({ sky }) => sky === "partition").flatMap(({ links }) => links);
    for (const { from, to, weather } of cut) {
      expect(weather.isCut).to.equal(true);
      expect(cut.some((other) => other.from === to && other.to === from)).to.equal(true);
    }
    const [oneWay] = LONG.turns.filter(({ sky }) => sky === "one-way");
    expect(new Set(oneWay?.links.map(({ from }) => from)).size).to.equal(1);
  });
});
