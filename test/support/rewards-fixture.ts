import type { OracleFixture } from "./oracle-fixture.ts";

const PROVER_SHARE_BPS = 500;
const MIN_STAKE_UNITS = 10n ** 18n;
const DAY_SECONDS = 86_400;
const DELAYS = {
  joinSeconds: DAY_SECONDS,
  leaveSeconds: DAY_SECONDS,
  rotationSeconds: DAY_SECONDS,
  unbondingSeconds: 21 * DAY_SECONDS,
};
const UNITS_PER_SIGNATURE = 10n ** 18n;
const CARRIAGE_SHARES = 4;

/** Pay for the reports of an oracle whose keepers have not staked. */
export const deployRewards = async ({ ethers, registry, oracle, owner }: OracleFixture) => {
  const token = await ethers.deployContract("MockToken", ["BLST", 18]);
  const staking = await ethers.deployContract("KeeperStaking", [
    registry,
    token,
    owner.address,
    owner.address,
    PROVER_SHARE_BPS,
    DELAYS,
    MIN_STAKE_UNITS,
    [],
  ]);
  return ethers.deployContract("KeeperRewards", [
    registry,
    staking,
    oracle,
    token,
    owner.address,
    UNITS_PER_SIGNATURE,
    CARRIAGE_SHARES,
  ]);
};
