import { expect } from "chai";
import fc from "fast-check";
import { GRID, volCoordinate, volNodes, volShock, type Grid } from "../../../../keeper/core/report/grid.ts";
import {
  decodeScenarioSet,
  encodeScenarioSet,
  encodeSpotShock,
  scenarioSetLength,
  shockAt,
  type ScenarioSet,
} from "../../../../keeper/core/report/scenario-set.ts";

const WARPED: Grid = { ...GRID, volUp: 2.25, volDownDepth: 2 / 3, volWarp: 0.08 };

function oneShock(z: number, y: number, grid: Grid = GRID): { z: number; y: number } {
  const bytes = encodeScenarioSet({ markets: [1], scenarios: [{ weight: 1, shocks: [{ z, y }] }] }, grid);
  const shock = decodeScenarioSet(bytes).scenarios[0]?.shocks[0];
  if (shock === undefined) throw new Error("one scenario was encoded");
  return shockAt(shock, grid);
}

/** Half a code of the vol coordinate, 1 / 16,384, in units of the shock at the low end of what is tried. */
const WIDEST_VOL_STEP = 3e-4;

describe("scenario set", () => {
  it("writes the bytes that the store documents", () => {
    const set: ScenarioSet = {
      markets: [1, 258],
      scenarios: [
        {
          weight: 3,
          shocks: [
            { z: -10, y: 0 },
            { z: 0.5, y: 2.25 },
          ],
        },
      ],
    };
    const zero = [0x60, 0x00];
    const up = [0x80, 0x00];
    expect([...encodeScenarioSet(set)]).to.deep.equal(
      [0, 1, 2, 0, 1, 1, 2, 0, 3, 0, 0].concat(zero, [6, 128], up),
    );
  });

  it("returns every residual within half a step", () => {
    const widestStep = 4 / 256;
    fc.assert(
      fc.property(
        fc.double({ min: -10, max: 9.98, noNaN: true }),
        fc.double({ min: -7.9, max: 7.9, noNaN: true }),
        (z, y) => {
          const back = oneShock(z, y);
          expect(back.z).to.be.closeTo(z, widestStep);
          expect(back.y).to.be.closeTo(y, WIDEST_VOL_STEP);
        },
      ),
    );
  });

  it("clamps what lies beyond the grid to its last code", () => {
    const lowest = oneShock(-50, -50);
    expect(lowest.z).to.equal(-10);
    expect(lowest.y).to.be.closeTo(Math.log1p(-3 * Math.expm1(0.18)) / 0.08, WIDEST_VOL_STEP);
    expect(oneShock(50, 0).z).to.equal(6 + (4 * 255) / 256);
    expect(oneShock(10, 0).z).to.equal(6 + (4 * 255) / 256);
    expect(oneShock(0, 50).y).to.be.closeTo(Math.log1p(5 * Math.expm1(0.18)) / 0.08, WIDEST_VOL_STEP);
  });

  it("moves to the next cell when a shock rounds up to its node", () => {
    expect(encodeSpotShock(0.9999)).to.equal(7 * 256);
    expect(encodeSpotShock(-6.0001)).to.equal(256);
  });

  it("bends the vol coordinate back to the same shock", () => {
    for (const y of [-6, -1, 0, 2.25, 5])
      expect(volShock(volCoordinate(y, WARPED), WARPED)).to.be.closeTo(y, 1e-12);
    const [down, flat, up] = volNodes(WARPED);
    expect([down, flat, up].map((y) => volCoordinate(y, WARPED))).to.deep.equal([
      volCoordinate(down, WARPED),
      0,
      1,
    ]);
    expect(volCoordinate(down, WARPED)).to.be.closeTo(-2 / 3, 1e-12);
    expect(oneShock(1, 2.25, WARPED).y).to.be.closeTo(2.25, 1e-3);
  });

  it("refuses ids that do not rise, weights of zero and lengths that do not fit", () => {
    const scenarios = [
      {
        weight: 1,
        shocks: [
          { z: 0, y: 0 },
          { z: 0, y: 0 },
        ],
      },
    ];
    expect(() => encodeScenarioSet({ markets: [2, 2], scenarios })).to.throw("name=market, value=2, min=3");
    const weightless = [{ weight: 0, shocks: [{ z: 0, y: 0 }] }];
    expect(() => encodeScenarioSet({ markets: [1], scenarios: weightless })).to.throw(
      "name=weight, value=0, min=1",
    );
    expect(() => encodeScenarioSet({ markets: [1], scenarios })).to.throw(
      "name=shocks, value=2, min=1, max=1",
    );
    const bytes = encodeScenarioSet({ markets: [1, 2], scenarios });
    expect(bytes.length).to.equal(scenarioSetLength(1, 2));
    expect(() => decodeScenarioSet(bytes.subarray(1))).to.throw("name=length");
  });
});
