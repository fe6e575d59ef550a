import { expect } from "chai";
import fc from "fast-check";
import {
  packInstrumentId,
  packPosition,
  unpackInstrumentId,
  unpackPosition,
} from "../../../../keeper/core/report/instrument-id.ts";
import {
  packMarketWord,
  packSmileWord,
  unpackMarketWord,
  unpackSmileWord,
  unpackStoredMarketWord,
} from "../../../../keeper/core/report/words.ts";

const uint = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
const int = (bits: number) =>
  fc.bigInt({ min: -(1n << BigInt(bits - 1)), max: (1n << BigInt(bits - 1)) - 1n });

const marketFields = fc.record({
  market: uint(16),
  smileCount: uint(8),
  dispersionBps: uint(16),
  sigmaE9: uint(32),
  psiE9: uint(32),
  depthUsd: uint(40),
  openInterestUsd: uint(40),
  spotE8: uint(64),
});

const smileFields = fc.record({
  expiryHour: uint(24),
  forwardRatioE8: uint(32),
  discountE9: uint(32),
  aE10: int(40),
  bE9: uint(32),
  rhoE9: int(32),
  mE9: int(32),
  sE9: uint(32),
});

const ZERO_SMILE = {
  expiryHour: 0n,
  forwardRatioE8: 0n,
  discountE9: 0n,
  aE10: 0n,
  bE9: 0n,
  rhoE9: 0n,
  mE9: 0n,
  sE9: 0n,
};

describe("report words", () => {
  it("give back every market field", () => {
    fc.assert(
      fc.property(marketFields, (fields) => {
        expect(unpackMarketWord(packMarketWord(fields))).to.deep.equal(fields);
      }),
    );
  });

  it("give back every smile field, signed ones too", () => {
    fc.assert(
      fc.property(smileFields, (fields) => {
        expect(unpackSmileWord(packSmileWord(fields))).to.deep.equal(fields);
      }),
    );
  });

  it("put each field where the contract reads it", () => {
    const word = packMarketWord({
      market: 1n,
      smileCount: 2n,
      dispersionBps: 3n,
      sigmaE9: 4n,
      psiE9: 5n,
      depthUsd: 6n,
      openInterestUsd: 7n,
      spotE8: 8n,
    });
    const shifts = [0n, 16n, 24n, 40n, 72n, 104n, 144n, 192n];
    expect(shifts.reduce((sum, shift, index) => sum + (BigInt(index + 1) << shift), 0n)).to.equal(word);
    expect(packSmileWord({ ...ZERO_SMILE, aE10: -1n })).to.equal(((1n << 40n) - 1n) << 88n);
    expect(packSmileWord({ ...ZERO_SMILE, bE9: 1n })).to.equal(1n << 128n);
    expect(packSmileWord({ ...ZERO_SMILE, sE9: 1n })).to.equal(1n << 224n);
  });

  it("refuse a value one outside its field, naming it and its bounds", () => {
    const tooLow = () => packSmileWord({ ...ZERO_SMILE, rhoE9: -(1n << 31n) - 1n });
    expect(tooLow).to.throw("name=rhoE9, value=-2147483649, min=-2147483648, max=2147483647");
    expect(() => packSmileWord({ ...ZERO_SMILE, bE9: 1n << 32n })).to.throw(
      "name=bE9, value=4294967296, min=0",
    );
    expect(() => packSmileWord({ ...ZERO_SMILE, expiryHour: -1n })).to.throw("name=expiryHour, value=-1");
  });

  it("refuse a market word whose reserved bits are used", () => {
    expect(() => unpackMarketWord(1n << 184n)).to.throw("name=reserved, value=1");
  });

  it("reads a stored market word with and without the quarantine's bits, and no other reserved bit", () => {
    fc.assert(
      fc.property(marketFields, fc.boolean(), fc.boolean(), (fields, isQuarantined, jumpedUp) => {
        const bits = isQuarantined ? (jumpedUp ? 3n : 1n) : 0n;
        const word = packMarketWord(fields) | (bits << 184n);
        expect(unpackStoredMarketWord(word)).to.deep.equal({ ...fields, isQuarantined });
      }),
    );
    expect(() => unpackStoredMarketWord(1n << 186n)).to.throw("name=reserved, value=4");
  });
});

describe("instrument ids and positions", () => {
  const call = { market: 7, expiry: 1_770_000_000, strikeE8: 300_000_000_000n, kind: "call" } as const;

  it("follow the contract's layout", () => {
    const id = (7n << 112n) | (1_770_000_000n << 72n) | (300_000_000_000n << 8n);
    expect(packInstrumentId(call)).to.equal(id);
    expect(packInstrumentId({ ...call, kind: "put" })).to.equal(id + 1n);
    expect(packInstrumentId({ ...call, kind: "future" })).to.equal(id + 2n);
    expect(unpackInstrumentId(id + 1n)).to.deep.equal({ ...call, kind: "put" });
  });

  it("sort by market, expiry, strike, kind", () => {
    const rising = [
      call,
      { ...call, kind: "put" as const },
      { ...call, strikeE8: call.strikeE8 + 1n },
      { ...call, expiry: call.expiry + 1 },
      { ...call, market: 8 },
    ].map(packInstrumentId);
    expect([...rising].sort((a, b) => (a < b ? -1 : 1))).to.deep.equal(rising);
  });

  it("refuse a kind that does not exist", () => {
    expect(() => unpackInstrumentId(packInstrumentId(call) + 4n)).to.throw(
      "name=kind, value=4, min=0, max=3",
    );
  });

  it("keep the sign of a size", () => {
    const short = { instrumentId: packInstrumentId(call), sizeE8: -250_000_000n };
    expect(unpackPosition(packPosition(short))).to.deep.equal(short);
    expect(packPosition(short) >> 128n).to.equal(short.instrumentId);
    expect(() => packPosition({ ...short, sizeE8: 1n << 127n })).to.throw("name=sizeE8");
  });
});
