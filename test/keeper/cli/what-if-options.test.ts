import { expect } from "chai";
import { CommandError } from "../../../keeper/cli/failure.ts";
import { parseMarketChanges, parseTrade } from "../../../keeper/cli/what-if-options.ts";

const MARKETS = { "1": "BTC", "2": "ETH" };

describe("what-if's options", () => {
  it("read a trade as an instrument and a signed size", () => {
    expect(parseTrade("BTC-27MAR26-90000-C:-2.5")).to.deep.equal({ name: "BTC-27MAR26-90000-C", size: -2.5 });
  });

  it("gather moves of spot and vol per market", () => {
    expect(parseMarketChanges(["BTC:-10"], ["btc:25", "ETH:50"], MARKETS)).to.deep.equal([
      { market: 1, spotReturn: -0.1, volMultiple: 1.25 },
      { market: 2, spotReturn: 0, volMultiple: 1.5 },
    ]);
  });

  it("say what they expect", () => {
    for (const bad of ["BTC-27MAR26", ":3", "BTC-27MAR26:", "BTC-27MAR26:x", "BTC-27MAR26:0"])
      expect(() => parseTrade(bad))
        .to.throw(CommandError)
        .with.property("code", "bad-trade");
    for (const bad of ["DOGE:1", "BTC:-100", "BTC"])
      expect(() => parseMarketChanges([bad], [], MARKETS))
        .to.throw(CommandError)
        .with.property("code", "bad-move");
  });
});
