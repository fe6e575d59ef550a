import { expect } from "chai";
import { badlyNamedFiles, forbiddenTexts, tooLongFiles } from "../../../scripts/checks/file-rules.ts";

const linesOf = (count: number) => "x\n".repeat(count);

describe("file rules", () => {
  it("bound the length of source files alone", () => {
    const files = [
      { path: "keeper/core/ok.ts", text: linesOf(350) },
      { path: "keeper/core/long.ts", text: linesOf(351) },
      { path: "contracts/types/Long.sol", text: linesOf(400) },
      { path: "data/long.json", text: linesOf(4_000) },
    ];
    expect(tooLongFiles(files).map((problem) => problem.split(":")[0])).to.deep.equal([
      "keeper/core/long.ts",
      "contracts/types/Long.sol",
    ]);
  });

  it("ask for kebab-case in TypeScript, PascalCase in Solidity, and no barrels", () => {
    const good = [
      "keeper/core/implied-vol.ts",
      "test/a-b.test.ts",
      "hardhat.config.ts",
      "test/contracts/Svi.t.sol",
    ];
    const bad = ["keeper/core/impliedVol.ts", "keeper/core/index.ts", "contracts/types/book.sol"];
    expect(badlyNamedFiles(good)).to.deep.equal([]);
    expect(badlyNamedFiles(bad)).to.have.length(bad.length);
  });

  // Each sample is put together here, so that this file itself passes the check.
  for (const [what, text] of [
    ["a machine's path", ["x = '", "/ho", "me/someone/x'"].join("")],
    ["a private key block", ["-----BEGIN EC PRIV", "ATE KEY-----"].join("")],
    ["a key in hexadecimal", ["priv", `ateKey: "0x${"ab".repeat(32)}"`].join("")],
    ["a seed phrase", ["mnem", `onic: "${"word ".repeat(11)}word"`].join("")],
    ["a promise", ["// TO", "DO later"].join("")],
    ["a switched-off check", ["// eslint-dis", "able-next-line"].join("")],
    ["a test that runs alone", ["describe.on", "ly("].join("")],
  ] as const) {
    it(`find ${what}, with its line`, () => {
      const problems = forbiddenTexts([{ path: "keeper/core/file.ts", text: `ok\n${text}\n` }]);
      expect(problems).to.have.length(1);
      expect(problems[0]).to.match(/^keeper\/core\/file\.ts:2: /);
    });
  }

  it("leave hashes and paths inside the project alone", () => {
    const text = `hash = "0x${"ab".repeat(32)}"; import "../work/x.ts"; see docs/tmp/x; https://a.org/roots/x\n`;
    expect(forbiddenTexts([{ path: "keeper/core/file.ts", text }])).to.deep.equal([]);
  });
});
