import { expect } from "chai";
import { solidityLayerProblems, testImportProblems } from "../../../scripts/checks/solidity-layers.ts";

const contract = (path: string, ...imports: readonly string[]) => ({
  path,
  text: imports.map((imported) => `import { Thing } from "${imported}";\n`).join(""),
});

const problemsOf = (path: string, ...imports: readonly string[]) =>
  solidityLayerProblems([contract(path, ...imports)]);

describe("solidity layers", () => {
  it("accept a domain on types, interfaces, libraries and itself", () => {
    const imports = [
      "../types/Book.sol",
      "../interfaces/IExchange.sol",
      "../libraries/Svi.sol",
      "./Part.sol",
    ];
    expect(problemsOf("contracts/margin/MarginEngine.sol", ...imports)).to.deep.equal([]);
  });

  it("accept periphery on every domain", () => {
    expect(problemsOf("contracts/periphery/MarginLens.sol", "../margin/MarginEngine.sol")).to.deep.equal([]);
  });

  for (const [from, to] of [
    ["types/Book.sol", "interfaces/IExchange.sol"],
    ["types/Book.sol", "libraries/Svi.sol"],
    ["interfaces/IExchange.sol", "libraries/Svi.sol"],
    ["interfaces/IExchange.sol", "trading/Exchange.sol"],
    ["libraries/Svi.sol", "interfaces/IExchange.sol"],
    ["libraries/Svi.sol", "margin/MarginEngine.sol"],
    ["trading/Exchange.sol", "clearing/ClearingHouse.sol"],
    ["liquidation/LiquidationEngine.sol", "margin/MarginEngine.sol"],
    ["governance/Guardian.sol", "periphery/MarginLens.sol"],
    ["clearing/ClearingHouse.sol", "mocks/TestToken.sol"],
  ] as const) {
    it(`refuse ${from} importing ${to}`, () => {
      const problems = problemsOf(`contracts/${from}`, `../${to}`);
      expect(problems).to.have.length(1);
      expect(problems[0]).to.contain(`may not import contracts/${to}`);
    });
  }

  it("refuse imports that leave contracts/ and contracts without a layer", () => {
    expect(problemsOf("contracts/margin/MarginEngine.sol", "../../test/contracts/Helper.sol")).to.have.length(
      1,
    );
    expect(problemsOf("contracts/Loose.sol")).to.have.length(1);
    expect(problemsOf("contracts/utils/Loose.sol")).to.have.length(1);
  });

  it("see imports over several lines, and not those in comments", () => {
    const path = "contracts/types/Book.sol";
    const text =
      'import {\n  A,\n  B\n} from "../margin/MarginEngine.sol";\n// import "../margin/Gone.sol";\n';
    expect(solidityLayerProblems([{ path, text }])).to.have.length(1);
  });

  it("accept only the packages in use, and of Chainlink only its MIT-licensed files", () => {
    const path = "contracts/oracle/PriceGuard.sol";
    const chainlink = "@chainlink/contracts/src/v0.8";
    expect(problemsOf(path, `${chainlink}/shared/interfaces/AggregatorV3Interface.sol`)).to.deep.equal([]);
    expect(problemsOf(path, "@openzeppelin/contracts/access/AccessControl.sol")).to.deep.equal([]);
    expect(problemsOf(path, `${chainlink}/llo-feeds/VerifierProxy.sol`)).to.have.length(1);
    expect(problemsOf(path, "elsewhere/Maths.sol")).to.have.length(1);
  });

  it("leave test contracts free, but for Chainlink's licence", () => {
    const free = contract("test/contracts/Whole.t.sol", "../../contracts/margin/MarginEngine.sol");
    const bound = contract(
      "test/contracts/Feed.t.sol",
      "@chainlink/contracts/src/v0.8/llo-feeds/Verifier.sol",
    );
    expect(solidityLayerProblems([free])).to.deep.equal([]);
    expect(testImportProblems([free, bound])).to.have.length(1);
  });
});
