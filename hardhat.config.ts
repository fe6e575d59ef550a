import { fileURLToPath } from "node:url";
import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

const solcPath = fileURLToPath(import.meta.resolve("solc/soljson.js"));
const solc = (runs: number) => ({
  version: "0.8.37",
  path: solcPath,
  settings: { viaIR: true, evmVersion: "osaka", optimizer: { enabled: true, runs } },
});

// Room for reads over many accounts in one call; what a transaction may cost is measured by the gas benchmark.
const REPLAY_BLOCK_GAS = 1_000_000_000;

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  solidity: { profiles: { default: solc(1_000) } },
  paths: { ignition: "deploy", tests: { mocha: "test/chain", solidity: "test/contracts" } },
  typechain: { outDir: "types/ethers-contracts" },
  networks: {
    // A chain for replays: its clock starts before every recorded episode, so that it only ever moves forward.
    replay: {
      type: "edr-simulated",
      chainId: 31_337,
      initialDate: "2020-01-01T00:00:00Z",
      blockGasLimit: REPLAY_BLOCK_GAS,
      transactionGasCap: REPLAY_BLOCK_GAS,
    },
  },
  test: {
    mocha: { timeout: 120_000 },
    solidity: { fuzz: { runs: 256 }, invariant: { runs: 256, depth: 48, failOnRevert: false } },
  },
});
