// The longer profile of the Solidity fuzz and invariant tests: `npm run test:long`.
import { defineConfig } from "hardhat/config";
import standard from "../hardhat.config.ts";

const LONG_FUZZ_RUNS = 10_000;
const LONG_INVARIANT_RUNS = 10_000;
const LONG_INVARIANT_DEPTH = 48;

export default defineConfig({
  ...standard,
  test: {
    ...standard.test,
    solidity: {
      ...standard.test?.solidity,
      fuzz: { runs: LONG_FUZZ_RUNS },
      invariant: { runs: LONG_INVARIANT_RUNS, depth: LONG_INVARIANT_DEPTH, failOnRevert: false },
    },
  },
});
