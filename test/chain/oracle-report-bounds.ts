import type { MarketFields, SmileFields } from "../../keeper/core/report/words.ts";
import { deployOracle, type OracleFixture } from "../support/oracle-fixture.ts";
import {
  reportExpectations,
  withMarket,
  withSmiles,
  smilesOf,
  lastSmile,
  withLastSmile,
  onlySmile,
  flatVariance,
} from "../support/report-changes.ts";
import { type ReportDraft } from "../support/risk-reports.ts";
import { marketBounds, oracleParams } from "../support/risk-params.ts";

const HOUR = 3600n;
const YEAR = 365n * 24n * HOUR;
const LAST = 5;
const ONE_E9 = 10n ** 9n;
const CALENDAR_SIGMAS = 5n;
/** One unit of a, 1e-10, and the tolerance between slices, 1e-8, in total variance * 1e18. */
const A_UNIT_E18 = 10n ** 8n;
const CALENDAR_TOLERANCE_E18 = 10n ** 10n;
const FIVE_YEARS = 5n * YEAR;

describe("RiskOracle: bounds of posted values", () => {
  let fixture: OracleFixture;
  let valid: ReportDraft;

  beforeEach(async () => {
    fixture = await deployOracle();
    valid = await fixture.validDraft();
  });

  it("holds every value of a market within its bounds, to the unit", async () => {
    const { expectOutOfBounds, expectBounds } = reportExpectations(fixture);
    const bounds = marketBounds();
    await expectBounds("spot", bounds.minSpotE8, bounds.maxSpotE8, (spotE8) => withMarket(valid, { spotE8 }));
    await expectBounds("sigma", bounds.minSigmaE9, bounds.maxSigmaE9, (sigmaE9) =>
      withMarket(onlySmile(valid, {}), { sigmaE9, smileCount: 1n }),
    );
    await expectBounds("psi", bounds.minPsiE9, bounds.maxPsiE9, (psiE9) => withMarket(valid, { psiE9 }));
    const dispersion = bounds.maxDispersionBps;
    await expectBounds(
      "dispersion",
      0n,
      dispersion,
      (dispersionBps) => withMarket(valid, { dispersionBps }),
      [dispersion + 1n],
    );
    const { minPegBps, maxPegBps } = oracleParams();
    for (const pegBps of [BigInt(minPegBps) - 1n, BigInt(maxPegBps) + 1n]) {
      await expectOutOfBounds({ ...valid, pegBps }, "peg", pegBps, BigInt(minPegBps), BigInt(maxPegBps), 0n);
    }
  });

  it("holds every value of a smile within its bounds, to the unit", async () => {
    const { expectOutOfBounds, expectAcceptable, expectBounds } = reportExpectations(fixture);
    const bounds = marketBounds();
    await expectBounds("forwardRatio", bounds.minForwardRatioE8, bounds.maxForwardRatioE8, (forwardRatioE8) =>
      withLastSmile(valid, { forwardRatioE8 }),
    );
    await expectBounds("discount", bounds.minDiscountE9, bounds.maxDiscountE9, (discountE9) =>
      withLastSmile(valid, { discountE9 }),
    );
    await expectOutOfBounds(withLastSmile(valid, { sE9: 99_999n }), "s", 99_999n, 100_000n, 2n ** 32n - 1n);
    for (const rhoE9 of [ONE_E9, -ONE_E9]) {
      await expectOutOfBounds(onlySmile(valid, { rhoE9 }), "absRho", ONE_E9, 0n, ONE_E9 - 1n);
      await expectAcceptable(onlySmile(valid, { rhoE9: rhoE9 > 0n ? rhoE9 - 1n : rhoE9 + 1n }));
    }
    for (const [vol, shift, seen] of [
      [bounds.minAtmVolBps, -1n, bounds.minAtmVolBps - 1n],
      [bounds.maxAtmVolBps + 1n, 0n, bounds.maxAtmVolBps + 1n],
    ] as const) {
      const flat = flatVariance(valid, vol);
      const refused = { ...flat, aE10: (flat.aE10 ?? 0n) + shift };
      await expectOutOfBounds(
        onlySmile(valid, refused),
        "atmVol",
        seen,
        bounds.minAtmVolBps,
        bounds.maxAtmVolBps,
      );
      await expectAcceptable(
        onlySmile(valid, { ...refused, aE10: refused.aE10 + (shift === 0n ? -1n : 1n) }),
      );
    }
  });

  it("refuses expiries that are past, too far, out of order or dropped while live", async () => {
    const { expectRefused, expectOutOfBounds } = reportExpectations(fixture);
    const hour = valid.observedAt / HOUR;
    const [min, max] = [valid.observedAt + 1n, valid.observedAt + FIVE_YEARS];
    await expectOutOfBounds(onlySmile(valid, { expiryHour: hour }), "expiry", hour * HOUR, min, max);
    const far = max / HOUR + 1n;
    await expectOutOfBounds(onlySmile(valid, { expiryHour: far }), "expiry", far * HOUR, min, max);
    const last = lastSmile(valid).expiryHour;
    await expectRefused(withSmiles(valid, [lastSmile(valid), lastSmile(valid)]), "ExpiriesNotAscending", [
      1n,
      last * HOUR,
      last * HOUR,
    ]);
    await fixture.submit(valid);
    const next = { ...valid, round: 2n, observedAt: valid.observedAt + 1n };
    const dropped = smilesOf(valid)[2]?.expiryHour ?? 0n;
    await expectRefused(
      withSmiles(
        next,
        smilesOf(valid).filter((_, i) => i !== 2),
      ),
      "ExpiryDropped",
      [1n, dropped * HOUR],
    );
  });

  it("refuses slices that admit arbitrage", async () => {
    const { expectRefused, expectAcceptable } = reportExpectations(fixture);
    const expiry = lastSmile(valid).expiryHour * HOUR;
    // b (1 + |rho|) = 2 exactly, then one unit of b more.
    const steep = { rhoE9: 0n, bE9: 2n * ONE_E9, aE10: 0n, sE9: 1_000_000n };
    await expectAcceptable(onlySmile(valid, { ...steep, mE9: 0n, ...{ aE10: 100_000_000n } }));
    await expectRefused(onlySmile(valid, { ...steep, bE9: 2n * ONE_E9 + 1n }), "WingTooSteep", [
      1n,
      expiry,
      2n * 10n ** 18n + 10n ** 9n,
      2n * 10n ** 18n,
    ]);
    // a + b s sqrt(1 - rho^2) with b s sqrt(1 - 0.36) = 0.5 * 0.5 * 0.8 = 0.2.
    const lifted = { bE9: 500_000_000n, sE9: 500_000_000n, rhoE9: 600_000_000n, mE9: 0n };
    await expectAcceptable(onlySmile(valid, { ...lifted, aE10: -2_000_000_000n }));
    await expectRefused(onlySmile(valid, { ...lifted, aE10: -2_000_000_001n }), "NegativeVariance", [
      1n,
      expiry,
      -A_UNIT_E18,
      0n,
    ]);
  });

  it("refuses total variance that falls with the expiry at the money or in either wing", async () => {
    const { expectRefused, expectAcceptable } = reportExpectations(fixture);
    const sigmaE9 = valid.markets[0]?.fields.sigmaE9 ?? 0n;
    const k = CALENDAR_SIGMAS * sigmaE9;
    const [early, late] = [smilesOf(valid)[LAST - 1], lastSmile(valid)];
    if (early === undefined) throw new Error("The draft has too few smiles.");
    const flat = { ...early, bE9: 0n, aE10: 500_000_000n };
    const fallsBy = (units: bigint) =>
      withSmiles(valid, [flat, { ...late, bE9: 0n, aE10: flat.aE10 - units }]);
    // The tolerance is 100 units of a.
    await expectAcceptable(fallsBy(100n));
    const minE18 = flat.aE10 * A_UNIT_E18 - CALENDAR_TOLERANCE_E18;
    const refusal = (kE9: bigint, varianceE18: bigint) => [
      1n,
      late.expiryHour * HOUR,
      kE9,
      varianceE18,
      minE18,
    ];
    await expectRefused(fallsBy(101n), "CalendarArbitrage", refusal(-k, minE18 - A_UNIT_E18));
    const bent = (change: Partial<SmileFields>) =>
      withSmiles(valid, [flat, { ...late, bE9: 200_000_000n, sE9: 100_000n, ...change }]);
    const refusedAt = (change: Partial<SmileFields>, kE9: bigint, varianceE18: bigint) =>
      expectRefused(bent(change), "CalendarArbitrage", refusal(kE9, varianceE18));
    // At k = m a slice's variance is a + b s, here a + 0.2 * 1e-4.
    await refusedAt({ aE10: 400_000_000n, rhoE9: 0n, mE9: 0n }, 0n, 40_020_000_000_000_000n);
    await refusedAt({ aE10: 450_000_000n, rhoE9: -900_000_000n, mE9: k }, k, 45_020_000_000_000_000n);
    await refusedAt({ aE10: 450_000_000n, rhoE9: 900_000_000n, mE9: -k }, -k, 45_020_000_000_000_000n);
    await expectAcceptable(bent({ aE10: 500_000_000n, rhoE9: 900_000_000n, mE9: -k }));
  });

  it("holds the change of spot and volatility against the previous report within bounds", async () => {
    const { expectOutOfBounds, expectAcceptable } = reportExpectations(fixture);
    const base = withMarket(valid, { spotE8: 1_000_000_001n * 100n, sigmaE9: 35_000_001n });
    await fixture.submit(base);
    const next = (change: Partial<MarketFields>, hours: bigint): ReportDraft =>
      withMarket({ ...base, round: 2n, observedAt: base.observedAt + hours * HOUR }, change);
    const { time } = fixture.networkHelpers;
    // 30 % an hour, widening with the hours that passed without a report.
    for (const [hours, spotMin, spotMax] of [
      [1n, 70_000_000_070n, 130_000_000_130n],
      [2n, 40_000_000_040n, 160_000_000_160n],
    ] as const) {
      await time.increase(Number(HOUR));
      for (const spotE8 of [spotMin - 1n, spotMax + 1n]) {
        await expectOutOfBounds(next({ spotE8 }, hours), "spotChange", spotE8, spotMin, spotMax);
      }
      for (const spotE8 of [spotMin, spotMax]) await expectAcceptable(next({ spotE8 }, hours));
    }
    // Two hours at 1 % an hour down, rounded towards the previous value; up to three times at once.
    const [sigmaMin, sigmaMax] = [35_000_001n - 700_000n, 105_000_003n];
    for (const sigmaE9 of [sigmaMin - 1n, sigmaMax + 1n]) {
      await expectOutOfBounds(next({ sigmaE9 }, 2n), "sigmaChange", sigmaE9, sigmaMin, sigmaMax);
    }
    for (const sigmaE9 of [sigmaMin, sigmaMax]) await expectAcceptable(next({ sigmaE9 }, 2n));
  });
});
