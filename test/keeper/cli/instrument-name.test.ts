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

  it("that cannot be read is refused by the part that is wrong and what is allowed", () => {
    for (const [text, ...named] of [
      ["", "MARKET-DDMMMYY"],
      ["BTC", "MARKET-DDMMMYY"],
      ["BTC-27MAR26-90000", "MARKET-DDMMMYY"],
      ["BTC-27MAR26-9-X", "MARKET-DDMMMYY"],
      ["SOL-27MAR26-90-C", "market SOL", "BTC, ETH"],
      ["BTC-27XYZ26-90000-C", "month XYZ", "JAN, FEB"],
      ["BTC-29FEB26", "day 29", "1 to 28"],
      ["BTC-30FEB28", "day 30", "1 to 29"],
      ["BTC-0MAR26", "day 0", "1 to 31"],
      ["BTC-27MAR26T24", "hour 24", "0 to 23"],
      ["BTC-27MAR26-184467440737.09551616-C", "strike 184467440737.09551616", "0 to 184467440737.09551615"],
    ] as const) {
      let error: unknown;
      try {
        parseInstrument(text, MARKETS);
      } catch (thrown) {
        error = thrown;
      }
      expect(error, text).to.be.instanceOf(CommandError);
      const { advice, message } = error as CommandError;
      expect(advice).to.include("BTC, ETH");
      for (const part of [text, ...named]) expect(message).to.include(part);
    }
  });

  it("reaches to the ends of the calendar and of the strikes", () => {
    const { expiry, strikeE8 } = unpackInstrumentId(
      parseInstrument("BTC-29FEB28T23-184467440737.09551615-P", MARKETS),
    );
    expect(expiry).to.equal(Date.UTC(2028, 1, 29, 23) / 1_000);
    expect(strikeE8).to.equal(2n ** 64n - 1n);
  });
});
