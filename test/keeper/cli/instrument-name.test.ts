import { expect } from "chai";
import fc from "fast-check";
import { CommandError } from "../../../keeper/cli/failure.ts";
import { instrumentName, parseInstrument } from "../../../keeper/cli/instrument-name.ts";
import { packInstrumentId, unpackInstrumentId } from "../../../keeper/core/report/instrument-id.ts";

const MARKETS = { "1": "BTC", "2": "ETH" };
const HOUR = 3_600;
const FIRST_HOUR = Date.UTC(2024, 0, 1) / 1_000 / HOUR;
const LAST_HOUR = Date.UTC(2099, 0, 1) / 1_000 / HOUR;

describe("an instrument's name", () => {
  it("is the market, the day, the strike and the kind", () => {
    expect(unpackInstrumentId(parseInstrument("BTC-27MAR26-90000-C", MARKETS))).to.deep.equal({
      market: 1,
      expiry: Date.UTC(2026, 2, 27, 8) / 1_000,
      strikeE8: 9_000_000_000_000n,
      kind: "call",
    });
    expect(unpackInstrumentId(parseInstrument("eth-6feb26-2150.5-p", MARKETS))).to.deep.equal({
      market: 2,
      expiry: Date.UTC(2026, 1, 6, 8) / 1_000,
      strikeE8: 215_050_000_000n,
      kind: "put",
    });
  });

  it("has no strike for a future, and shows an unusual hour", () => {
    const future = {
      market: 1,
      expiry: Date.UTC(2026, 2, 27, 16) / 1_000,
      strikeE8: 0n,
      kind: "future" as const,
    };
    expect(instrumentName(packInstrumentId(future), MARKETS)).to.equal("BTC-27MAR26T16");
    expect(
      instrumentName(packInstrumentId({ ...future, expiry: future.expiry - 8 * HOUR }), MARKETS),
    ).to.equal("BTC-27MAR26");
  });

  it("is read back as the instrument it was written for", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2),
        fc.integer({ min: FIRST_HOUR, max: LAST_HOUR }),
        fc.bigInt({ min: 1n, max: 2n ** 63n }),
        fc.constantFrom("call" as const, "put" as const, "future" as const),
        (market, hour, strike, kind) => {
          const strikeE8 = kind === "future" ? 0n : strike;
          const id = packInstrumentId({ market, expiry: hour * HOUR, strikeE8, kind });
          expect(parseInstrument(instrumentName(id, MARKETS), MARKETS)).to.equal(id);
        },
      ),
    );
  });

  it("that cannot be read is refused with the markets there are", () => {
    for (const text of [
      "",
      "BTC",
      "SOL-27MAR26-90-C",
      "BTC-27XYZ26-90000-C",
      "BTC-27MAR26-90000",
      "BTC-27MAR26-9-X",
    ]) {
      let error: unknown;
      try {
        parseInstrument(text, MARKETS);
      } catch (thrown) {
        error = thrown;
      }
      expect(error, text).to.be.instanceOf(CommandError);
      expect((error as CommandError).advice).to.include("BTC, ETH");
    }
  });
});
