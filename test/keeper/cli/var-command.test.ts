import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { BookRisk } from "../../../keeper/cli/book-risk.ts";
import { runBallast } from "../../support/run-ballast.ts";

const BOOK = {
  asOf: "2024-06-01T00:00:00Z",
  markets: { BTC: { spot: 70_000, vol: 0.5 } },
  positions: [
    { instrument: "BTC-28JUN24-80000-C", size: -2 },
    { instrument: "ETH-28JUN24", size: 5 },
  ],
  collateral: [{ market: "BTC", quantity: 1 }],
};

describe("ballast var", function () {
  this.timeout(60_000);
  let folder = "";
  const run = (book: object | string, ...args: readonly string[]) => {
    const file = join(folder, "book.json");
    writeFileSync(file, typeof book === "string" ? book : JSON.stringify(book));
    return runBallast(join(folder, "none.json"), ["var", "--book", file, "--draws", "256", ...args]);
  };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ballast-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("shows every method with its errors, and the parts, without a chain", async () => {
    const { code, out, err } = await run(BOOK);
    expect(code, err).to.equal(0);
    for (const title of ["historical", "saddlepoint", "Monte Carlo", "correlation one", "std. error"])
      expect(out).to.include(title);
    expect(out).to.include("BTC-28JUN24-80000-C x -2").and.include("collateral in BTC");
  });

  it("gives the same as JSON, on the prices of the file and else the recorded ones", async () => {
    const { code, out, err } = await run(BOOK, "--json");
    expect(code, err).to.equal(0);
    const risk = JSON.parse(out) as BookRisk;
    expect(risk.methods).to.have.length(7);
    expect(risk.markets[0]).to.include({ name: "BTC", spot: 70_000, vol: 0.5 });
    expect(risk.markets[1]?.spot).to.be.within(3_600, 3_900);
    const whole = risk.methods.find(({ method }) => method === "filteredHistorical");
    const parts = risk.components.reduce((sum, { valueAtRisk }) => sum + valueAtRisk, 0);
    expect(parts).to.be.closeTo(whole?.valueAtRisk ?? NaN, 1e-6);
  });

  it("knows nothing of days after the book's time", async () => {
    const early = JSON.parse(
      (await run({ ...BOOK, asOf: "2023-06-01T00:00:00Z" }, "--json")).out,
    ) as BookRisk;
    const late = JSON.parse((await run(BOOK, "--json")).out) as BookRisk;
    expect(early.scenarios).to.equal(late.scenarios - 366);
  });

  it("says which field is wrong, what has expired and what history lacks", async () => {
    const wrong = await run({ ...BOOK, positions: [{ instrument: "BTC-28JUN24", size: "much" }] });
    expect(wrong.code).to.equal(1);
    expect(wrong.err).to.include("positions.0.size");
    expect((await run("{")).err).to.include("JSON");
    expect((await run({ ...BOOK, asOf: "2024-07-01T00:00:00Z" })).err).to.include("has expired");
    const early = await run({ ...BOOK, asOf: "2017-01-01T00:00:00Z" });
    expect(early.err).to.include("days are recorded until 2017-01-01");
    expect((await run(BOOK, "--draws", "10")).err).to.include("at least 256");
  });
});
