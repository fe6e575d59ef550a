import { expect } from "chai";
import {
  groupByExpiry,
  parseOptionName,
  premiumUsd,
  type OptionRow,
} from "../../../../keeper/adapters/venues/option-rows.ts";

const NOW = 1_770_000_000;
const SOON = NOW + 3_600;
const LATER = NOW + 86_400;

const row = (changes: Partial<OptionRow> = {}): OptionRow => ({
  kind: "call",
  strikeUsd: 100,
  bidUsd: 4,
  askUsd: 5,
  venueVol: 0.5,
  openInterest: 1,
  expirySeconds: SOON,
  forwardUsd: 101,
  ...changes,
});

describe("rows of options", () => {
  it("have no strike that no option has", () => {
    const named = (strike: string) => parseOptionName(`BTC-5FEB26-${strike}-C`)?.strikeUsd;
    expect(named("1000000000000000")).to.equal(1e15);
    expect(named("1000000000000001")).to.equal(undefined);
    expect(named("9".repeat(400))).to.equal(undefined);
  });

  it("come by expiry, then strike, then call before put", () => {
    const groups = groupByExpiry(
      [
        row({ expirySeconds: LATER }),
        row({ strikeUsd: 200 }),
        row({ kind: "put" }),
        row(),
        row({ strikeUsd: 90, kind: "put" }),
      ],
      NOW,
    );
    expect(groups.map(({ expirySeconds }) => expirySeconds)).to.deep.equal([SOON, LATER]);
    expect(groups[0]?.quotes.map(({ strikeUsd, kind }) => [strikeUsd, kind])).to.deep.equal([
      [90, "put"],
      [100, "call"],
      [100, "put"],
      [200, "call"],
    ]);
  });

  it("leave out what has expired, also at this very second", () => {
    const rows = [
      row({ expirySeconds: NOW - 1 }),
      row({ expirySeconds: NOW }),
      row({ expirySeconds: NOW + 1 }),
    ];
    expect(groupByExpiry(rows, NOW).map(({ expirySeconds }) => expirySeconds)).to.deep.equal([NOW + 1]);
  });

  it("leave out crossed quotes and keep locked and one-sided ones", () => {
    const sides = [
      [5, 4],
      [5, 5],
      [5, null],
      [null, 5],
    ] as const;
    const rows = sides.map(([bidUsd, askUsd], index) => row({ bidUsd, askUsd, strikeUsd: 100 + index }));
    const kept = groupByExpiry(rows, NOW)[0]?.quotes.map(({ strikeUsd }) => strikeUsd);
    expect(kept).to.deep.equal([101, 102, 103]);
  });

  it("count once: of two rows of one option the first", () => {
    const [group] = groupByExpiry([row({ bidUsd: 3 }), row({ bidUsd: 4 })], NOW);
    expect(group?.quotes.map(({ bidUsd }) => bidUsd)).to.deep.equal([3]);
  });

  it("give their expiry the first forward that is stated", () => {
    const rows = [row({ forwardUsd: null }), row({ kind: "put", forwardUsd: 102 })];
    expect(groupByExpiry(rows, NOW)[0]?.forwardUsd).to.equal(102);
    expect(groupByExpiry(rows.slice(0, 1), NOW)[0]?.forwardUsd).to.equal(null);
  });
});

describe("the name of an option", () => {
  it("is read in the venues' forms", () => {
    const named = {
      market: "BTC",
      expirySeconds: Date.UTC(2026, 1, 5, 8) / 1_000,
      strikeUsd: 72_000,
      kind: "call",
    };
    for (const name of ["BTC-5FEB26-72000-C", "BTC-5FEB26-72000-C-USDT", "BTC-USD-260205-72000-C"])
      expect(parseOptionName(name), name).to.deep.equal(named);
    expect(parseOptionName("ETH-27MAR26-2050.5-P")).to.include({
      market: "ETH",
      strikeUsd: 2_050.5,
      kind: "put",
    });
  });

  it("is none when the market, the date or the strike is not", () => {
    for (const name of [
      "SOL-5FEB26-72-C",
      "BTC-31FEB26-72000-C",
      "BTC-5FBE26-72000-C",
      "BTC-USD-261305-72000-C",
      "BTC-5FEB26-0-C",
      "BTC-5FEB26-72000-X",
      "BTC_USDC-5FEB26-72000-C",
      "BTC-PERPETUAL",
    ])
      expect(parseOptionName(name), name).to.equal(null);
  });
});

it("a premium of zero or none is no premium, others are in the coin's price", () => {
  expect([premiumUsd(0, 2), premiumUsd(null, 2), premiumUsd(3, 2)]).to.deep.equal([null, null, 6]);
});
