import { expect } from "chai";
import {
  createOutput,
  fromE8,
  health,
  percent,
  table,
  time,
  toJson,
  usd,
} from "../../../keeper/cli/output.ts";

describe("output", () => {
  it("is one JSON object, big integers as text, or the lines for people, never both", () => {
    for (const [json, expected] of [
      [true, ['{\n  "a": "1",\n  "b": 2\n}']],
      [false, ["x", "y"]],
    ] as const) {
      const lines: string[] = [];
      createOutput(json, (line) => lines.push(line)).result({ a: 1n, b: 2 }, () => ["x", "y"]);
      expect(lines).to.deep.equal(expected);
    }
  });

  it("keeps every digit of a big integer", () => {
    expect(JSON.parse(toJson({ a: 2n ** 255n }))).to.deep.equal({ a: (2n ** 255n).toString() });
  });

  it("shows tables with numbers below one another", () => {
    expect(
      table(
        ["name", "USD"],
        [
          ["a", "1.00"],
          ["longer", "100.00"],
        ],
      ),
    ).to.deep.equal(["name       USD", "──────  ──────", "a         1.00", "longer  100.00"]);
  });

  it("shows amounts, shares, health and times as people write them", () => {
    expect(usd(-1_234_567_890n)).to.equal("-1,234.57");
    expect(fromE8(50_000_000n)).to.equal("0.5");
    expect(percent(9_950n)).to.equal("99.5 %");
    expect(health(12_500n)).to.equal("1.25");
    expect(health(2n ** 128n)).to.equal("no margin held");
    expect(time(0)).to.equal("1970-01-01T00:00:00Z");
  });
});
