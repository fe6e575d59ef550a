import { expect } from "chai";
import fc from "fast-check";
import { leaderOf, transmissionTurn } from "../../../../keeper/core/protocol/leaders.ts";
import {
  hearWish,
  joinEpoch,
  MAX_EPOCHS_WISHED_AHEAD,
  pacemakerAt,
  wishForNext,
  type PacemakerState,
} from "../../../../keeper/core/protocol/pacemaker.ts";
import {
  DEFAULT_PARAMETERS,
  parametersText,
  requireConsistent,
} from "../../../../keeper/core/protocol/parameters.ts";

const FOUR = { keepers: ["a", "b", "c", "d"], faults: 1 };
const hear = (state: PacemakerState, ...wishes: readonly (readonly [string, bigint])[]) =>
  wishes.reduce((now, [from, epoch]) => hearWish(now, from, epoch, FOUR), state);

describe("leaders", () => {
  it("each lead once in any n epochs in a row, in an order that the configuration keys", () => {
    const keepers = [1, 2, 3, 4, 5, 6, 7];
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.string(), (epoch, digest) => {
        const leaders = keepers.map((_, i) => leaderOf(epoch + BigInt(i), keepers, digest));
        expect([...leaders].sort()).to.deep.equal(keepers);
      }),
    );
    const orders = ["x", "y", "z", "w"].map((key) =>
      keepers.map((_, i) => leaderOf(BigInt(i), keepers, key)).join(),
    );
    expect(new Set(orders).size).to.be.greaterThan(1);
  });

  it("come in this very order: programs of different versions must agree on it", () => {
    const keepers = ["a", "b", "c", "d", "e", "f", "g"];
    expect(keepers.map((_, i) => leaderOf(BigInt(i), keepers, "0xcd")).join("")).to.equal("edagcfb");
    const turns = keepers.map((keeper) => transmissionTurn(keeper, { epoch: 3n, round: 5 }, keepers, "0xcd"));
    expect(turns).to.deep.equal([2, 1, 4, 5, 6, 3, 0]);
  });

  it("need keepers", () => {
    expect(() => leaderOf(0n, [], "x")).to.throw("keepers");
  });

  it("leave the last turn to one who is no member", () => {
    expect(transmissionTurn("x", { epoch: 1n, round: 1 }, FOUR.keepers, "x")).to.equal(4);
  });

  it("take turns to transmit, each round in another order", () => {
    const turns = (round: number) =>
      FOUR.keepers.map((k) => transmissionTurn(k, { epoch: 1n, round }, FOUR.keepers, "x"));
    for (const round of [1, 2, 3, 4]) expect([...turns(round)].sort()).to.deep.equal([0, 1, 2, 3]);
    expect(new Set([1, 2, 3, 4, 5, 6].map((round) => turns(round).join())).size).to.be.greaterThan(1);
  });
});

describe("the pacemaker", () => {
  it("wishes for the next epoch once, however often it waits in vain", () => {
    const once = wishForNext(pacemakerAt(3n));
    expect([once.epoch, once.wish]).to.deep.equal([3n, 4n]);
    expect(wishForNext(once).wish).to.equal(4n);
  });

  it("does not follow f keepers, adopts what f + 1 wish, and enters what 2f + 1 wish", () => {
    const one = hear(pacemakerAt(1n), ["a", 9n]);
    expect([one.epoch, one.wish]).to.deep.equal([1n, 1n]);
    const two = hear(one, ["b", 5n]);
    expect([two.epoch, two.wish]).to.deep.equal([1n, 5n]);
    const three = hear(two, ["c", 3n]);
    expect([three.epoch, three.wish]).to.deep.equal([3n, 5n]);
  });

  it("does not hear a wish that is too far ahead, so that no vote leads where nothing can be signed", () => {
    const far = 1n + MAX_EPOCHS_WISHED_AHEAD;
    const unheard = hear(pacemakerAt(1n), ["a", far + 1n], ["b", 2n ** 63n], ["c", far + 1n]);
    expect([unheard.epoch, unheard.wish, unheard.wishes.size]).to.deep.equal([1n, 1n, 0]);
    expect(hear(pacemakerAt(1n), ["a", far], ["b", far], ["c", far]).epoch).to.equal(far);
  });

  it("counts each keeper once, and no stranger", () => {
    const state = hear(pacemakerAt(1n), ["a", 2n], ["a", 3n], ["a", 4n], ["x", 4n], ["y", 4n], ["z", 4n]);
    expect([state.epoch, state.wish]).to.deep.equal([1n, 1n]);
  });

  it("remembers the highest wish of each keeper, whatever old one is repeated, and nothing of strangers", () => {
    const state = hear(pacemakerAt(1n), ["a", 9n], ["b", 4n]);
    const repeated = hear(state, ["a", 2n], ["a", 9n], ["x", 9n]);
    expect(repeated).to.equal(state);
    expect([...repeated.wishes]).to.deep.equal([
      ["a", 9n],
      ["b", 4n],
    ]);
  });

  it("adopts and enters the highest epoch that so many wish for or more", () => {
    const seven = { keepers: ["a", "b", "c", "d", "e", "f", "g"], faults: 2 };
    const epoch = fc.bigInt({ min: 0n, max: 9n });
    fc.assert(
      fc.property(fc.array(epoch, { minLength: 7, maxLength: 7 }), (epochs) => {
        const state = epochs.reduce(
          (now, wish, index) => hearWish(now, seven.keepers[index] ?? "", wish, seven),
          pacemakerAt(0n),
        );
        const wishedBy = (count: number) => {
          const reached = epochs.filter((each) => epochs.filter((other) => other >= each).length >= count);
          return reached.reduce((a, b) => (a > b ? a : b), 0n);
        };
        expect([state.epoch, state.wish]).to.deep.equal([wishedBy(5), wishedBy(3)]);
      }),
    );
  });

  it("never goes back", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d", "x"), fc.bigInt({ min: 0n, max: 50n }))),
        (wishes) => {
          let state = pacemakerAt(10n, 12n);
          for (const [from, epoch] of wishes) {
            const next = hear(state, [from, epoch]);
            expect(next.epoch >= state.epoch && next.wish >= state.wish && next.wish >= next.epoch).to.equal(
              true,
            );
            state = next;
          }
        },
      ),
    );
    expect(joinEpoch(pacemakerAt(5n), 4n).epoch).to.equal(5n);
    expect(joinEpoch(pacemakerAt(5n), 8n)).to.deep.include({ epoch: 8n, wish: 8n });
  });
});

describe("protocol parameters", () => {
  it("give the slowest clock time to begin and every slot time for another leader", () => {
    requireConsistent(DEFAULT_PARAMETERS);
    for (const change of [{ progressMs: 7_150 }, { progressMs: 15_000 }, { maxClockOffsetSeconds: 9 }])
      expect(() => {
        requireConsistent({ ...DEFAULT_PARAMETERS, ...change });
      }).to.throw("progressMs");
  });

  it("bring every proposal in time to be signed against the price that a proof looks at", () => {
    const slow = { ...DEFAULT_PARAMETERS, slotSeconds: 120 };
    requireConsistent({ ...slow, progressMs: 47_999 });
    expect(() => {
      requireConsistent({ ...slow, progressMs: 48_000 });
    }).to.throw("progressMs");
  });
});

describe("the text of the parameters", () => {
  it("is one line for each in rising order of name, whatever order they come in", () => {
    const lines = parametersText(DEFAULT_PARAMETERS).split("\n");
    expect(lines.slice(0, 3)).to.deep.equal([
      "ballast-keeper/parameters/1",
      "forecastDeviationBps=200",
      "graceMs=150",
    ]);
    expect(lines).to.have.length(1 + Object.keys(DEFAULT_PARAMETERS).length);
    const backwards = Object.fromEntries(
      Object.entries(DEFAULT_PARAMETERS).reverse(),
    ) as typeof DEFAULT_PARAMETERS;
    expect(parametersText(backwards)).to.equal(parametersText(DEFAULT_PARAMETERS));
  });

  it("changes with every one of them", () => {
    const texts = Object.entries(DEFAULT_PARAMETERS).map(([name, value]: [string, number | bigint]) => {
      const changed = typeof value === "bigint" ? value + 1n : value + 1;
      return parametersText({ ...DEFAULT_PARAMETERS, [name]: changed });
    });
    expect(new Set([parametersText(DEFAULT_PARAMETERS), ...texts]).size).to.equal(texts.length + 1);
  });
});
