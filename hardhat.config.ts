import { fileURLToPath } from "node:url";
import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

const solcPath = fileURLToPath(import.meta.resolve("solc/soljson.js"));
const solc = (runs: number) => ({
  version: "0.8.37",
  path: solcPath,
  settings: { viaIR: true, evmVersion: "osaka", optimizer: { enabled: true, runs } },
});

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  solidity: { profiles: { default: solc(1_000), production: solc(1_000_000) } },
  paths: { ignition: "deploy", tests: { mocha: "test/chain", solidity: "test/contracts" } },
  typechain: { outDir: "types/ethers-contracts" },
  test: {
    mocha: { timeout: 120_000 },
    solidity: { fuzz: { runs: 256 }, invariant: { runs: 64, depth: 32, failOnRevert: false } },
  },
});
