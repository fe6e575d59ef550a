import { expect } from "chai";
import { CommandError, explain } from "../../../keeper/cli/failure.ts";
import { ConfigError } from "../../../keeper/config.ts";
import { ChainRefusal } from "../../../keeper/ports/clearing-chain.ts";

describe("a failure", () => {
  it("of a contract keeps its error with all arguments and says what to do", () => {
    const failure = explain(new ChainRefusal("withdrawing", "BelowInitialMargin(3, 100, 200)"));
    expect(failure.code).to.equal("chain-refusal");
    expect(failure.message).to.equal("withdrawing was refused: BelowInitialMargin(3, 100, 200)");
    expect(failure.advice).to.include("ballast margin");
  });

  it("for want of gas money says so", () => {
    const failure = explain(new ChainRefusal("opening", "insufficient funds for gas * price + value"));
    expect(failure.advice).to.include("cannot pay for gas");
  });

  it("of a command or the configuration passes its own advice on", () => {
    expect(explain(new CommandError("a", "b", "c"))).to.deep.equal({ code: "a", message: "b", advice: "c" });
    expect(explain(new ConfigError("b", "c"))).to.deep.equal({ code: "config", message: "b", advice: "c" });
  });

  it("of any other kind still has words and advice", () => {
    expect(explain(new Error("odd"))).to.deep.include({ code: "failed", message: "odd" });
    expect(explain("thrown text").message).to.equal("thrown text");
  });
});
