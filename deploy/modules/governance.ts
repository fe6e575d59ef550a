import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { id } from "ethers";
import type { DeployParameters } from "../parameter-file.ts";

const NO_ROLE_ADMIN = "0x0000000000000000000000000000000000000000000000000000000000000000";

export type GovernanceInput = Readonly<{
  deployer: string;
  votesHolder: string;
  governance: DeployParameters["governance"];
}>;

/** Token, governor and timelock. The deployer administers the timelock only until the governor has its roles. */
export const governanceModule = ({ deployer, votesHolder, governance }: GovernanceInput) =>
  buildModule("Governance", (m) => {
    const token = m.contract("BallastToken", [votesHolder]);
    const timelock = m.contract("BallastTimelock", [governance.timelockDelaySeconds, deployer]);
    const governor = m.contract("BallastGovernor", [
      token,
      timelock,
      governance.votingDelaySeconds,
      governance.votingPeriodSeconds,
      governance.proposalThresholdVotes,
      governance.quorumPercent,
    ]);
    const named = ["PROPOSER_ROLE", "CANCELLER_ROLE"].map((role) =>
      m.call(timelock, "grantRole", [id(role), governor], { id: `grant_${role}` }),
    );
    m.call(timelock, "renounceRole", [NO_ROLE_ADMIN, deployer], { after: named });
    return { token, timelock, governor };
  });

export type GovernanceModule = ReturnType<typeof governanceModule>;
