import { expect } from "chai";
import { copulaLogLikelihood, fitDegrees } from "../../../../keeper/core/scenarios/copula-degrees.ts";
import { fitCopula } from "../../../../keeper/core/scenarios/copula.ts";
import { chiSquareCdf, chiSquareQuantile } from "../../../../keeper/core/statistics/chi-square.ts";
import {
  studentCdf,
  studentPdf,
  studentQuantile,
} from "../../../../keeper/core/statistics/student-quantile.ts";
import { choleskyFactor } from "../../../../keeper/core/statistics/symmetric-matrix.ts";
import vectors from "../../../vectors/student-copula.json" with { type: "json" };

describe("quantiles with broken degrees of freedom", () => {
  it("are those of an independent library and invert their distributions", () => {
    for (const { degrees, probability, student, chiSquare, density } of vectors.quantiles) {
      const message = `${degrees} degrees at ${probability}`;
      expect(studentQuantile(probability, degrees) / student, message).to.be.closeTo(1, 1e-10);
      expect(studentPdf(student, degrees) / density, message).to.be.closeTo(1, 1e-10);
      expect(studentCdf(student, degrees) / probability, message).to.be.closeTo(1, 1e-10);
      expect(chiSquareQuantile(probability, degrees) / chiSquare, message).to.be.closeTo(1, 1e-10);
      expect(chiSquareCdf(chiSquare, degrees) / probability, message).to.be.closeTo(1, 1e-10);
    }
  });
});

describe("degrees of freedom of a t copula", () => {
  for (const { degrees, correlations, columns, maximum, logLikelihood } of vectors.samples) {
    const factor = choleskyFactor(correlations);

    it(`have the profile likelihood of an independent library on a sample with ${degrees}`, () => {
      for (const { at, value } of logLikelihood)
        expect(copulaLogLikelihood(columns, factor, at), `${at} degrees`).to.be.closeTo(value, 1e-7);
    });

    it(`are found where that library finds the maximum: ${maximum.toFixed(2)}`, () => {
      expect(fitDegrees(columns, factor) / maximum).to.be.closeTo(1, 1e-4);
    });
  }

  it("are fitted beside Kendall's correlations and do not depend on the columns' own distributions", () => {
    const [sample] = vectors.samples;
    const columns = sample!.columns.slice(0, 2).map((column) => Float64Array.from(column));
    const scenarios = (z: Float64Array) => ({
      days: Array.from(z.keys()),
      markets: [{ market: 0, z, y: columns[1]!, imputed: new Uint8Array(z.length) }],
    });
    const { degrees } = fitCopula(scenarios(columns[0]!));
    expect(degrees).to.be.within(2, 20);
    expect(fitCopula(scenarios(columns[0]!.map((value) => Math.log(value)))).degrees).to.equal(degrees);
  });
});
