import { expect } from "chai";
import { Command } from "commander";
import { accountId, decimalAmount, positiveNumber, unitsE8, wholeNumber } from "../../../keeper/cli/parse.ts";

/** What a command says of an argument. */
const refusal = (parse: (text: string) => unknown, text: string): string => {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  command.argument("<value>", "a value", parse);
  try {
    command.parse(["--", text], { from: "user" });
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
  throw new Error(`${text} was accepted`);
};

describe("a command's arguments", () => {
  it("are read as numbers, amounts and units", () => {
    expect(accountId("12")).to.equal(12n);
    expect(wholeNumber("0")).to.equal(0);
    expect(wholeNumber("999999999999999")).to.equal(999_999_999_999_999);
    expect(positiveNumber("0.5")).to.equal(0.5);
    expect(decimalAmount("0.750")).to.equal("0.750");
    expect(unitsE8("0")).to.equal(0n);
    expect(unitsE8("0.00000001")).to.equal(1n);
  });

  it("are refused by their value and what is allowed", () => {
    for (const [parse, allowed, ...refused] of [
      [accountId, "1 or more", "0", "-1", "1.5", "x", "01"],
      [wholeNumber, "whole number of at most 15 digits", "-1", "1.5", "1e3", "1000000000000000"],
      [positiveNumber, "greater than zero", "0", "-2", "x", "Infinity"],
      [decimalAmount, "greater than zero", "0", "0.00", "-1", "1.", "1e3"],
      [unitsE8, "at least zero with at most eight decimals", "-1", "0.000000001", "x"],
    ] as const) {
      for (const text of refused) {
        const message = refusal(parse, text);
        expect(message).to.include(`'${text}'`).and.include(allowed);
      }
    }
  });
});
