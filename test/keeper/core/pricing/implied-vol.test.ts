import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { findImpliedVol, impliedVol } from "../../../../keeper/core/pricing/implied-vol.ts";
import { black76Price } from "../../../../keeper/core/pricing/black76.ts";
import vectors from "../../../vectors/implied-vol.json" with { type: "json" };

const ACCEPTED_MULTIPLE = 8;
const ILL_POSED = 1e-3;
const MOST_ITERATIONS = 6;

type Row = readonly [string, number, number, number, number, number, number, number];
type Invalid = readonly [string, number, number, number, number, number | null];

describe("findImpliedVol", () => {
  const rows = vectors.rows as unknown as readonly Row[];
  for (const tag of new Set(rows.map((row) => row[0]))) {
    it(`reaches the attainable accuracy in few iterations on the ${tag} cases`, () => {
      for (const [, sign, forward, strike, tauYears, price, expected, attainable] of rows.filter(
        (r) => r[0] === tag,
      )) {
        const kind = sign > 0 ? "call" : "put";
        const outcome = findImpliedVol({ kind, forward, strike, tauYears, price, discount: 1 });
        if (attainable > ILL_POSED) continue;
        if (outcome.code !== "solved") throw new Error(`${outcome.code} at ${String(price)}`);
        expect(outcome.iterations).to.be.at.most(MOST_ITERATIONS);
        const relative = Math.abs(outcome.annualVol / expected - 1);
        const where = `${kind} F=${String(forward)} K=${String(strike)} T=${String(tauYears)} price=${String(price)}`;
        expect(relative, where).to.be.at.most(ACCEPTED_MULTIPLE * attainable);
      }
    });
  }

  for (const [tag, , forward, strike, tauYears, price] of vectors.invalid as unknown as readonly Invalid[]) {
    it(`refuses ${tag}, and impliedVol throws the same code`, () => {
      const option = { kind: "call", forward, strike, tauYears, price: price ?? NaN, discount: 1 } as const;
      const outcome = findImpliedVol(option);
      expect(outcome.code).to.equal(expectedCode(tag));
      expect(() => impliedVol(option))
        .to.throw(CoreError)
        .with.property("code", outcome.code);
    });
  }

  it("undoes the discount before it solves", () => {
    const option = { kind: "call", forward: 100, strike: 110, tauYears: 0.25, discount: 0.97 } as const;
    const price = black76Price({ ...option, annualVol: 0.83 });
    expect(impliedVol({ ...option, price })).to.be.closeTo(0.83, 1e-14);
  });

  it("solves at the money for prices from tiny to nearly the forward", () => {
    for (const totalVol of [1e-9, 1e-4, 0.3, 2, 9]) {
      const option = { kind: "put", forward: 100, strike: 100, tauYears: 1, discount: 1 } as const;
      const price = black76Price({ ...option, annualVol: totalVol });
      expect(impliedVol({ ...option, price })).to.be.closeTo(totalVol, 1e-10 * totalVol);
    }
  });
});

function expectedCode(tag: string): string {
  if (tag === "nan") return "price-not-finite";
  if (tag === "zero-T") return "argument-out-of-domain";
  return tag.endsWith("forward") ? "price-not-below-upper-limit" : "price-not-above-intrinsic";
}
