// Deploys to the network named on the command line, with its own parameter file:
// npx hardhat run deploy/main.ts --network NAME reads deploy/parameters/NAME.json.
import { network } from "hardhat";
import { deployBallast } from "./deploy.ts";
import { loadParameters } from "./parameter-file.ts";

const SIMULATED = "edr-simulated";
const LOCALHOST = "localhost";

const connection = await network.create();
const local = connection.networkConfig.type === SIMULATED || connection.networkName === LOCALHOST;
const ballast = await deployBallast(
  connection,
  await loadParameters(local ? "local" : connection.networkName),
);

for (const [name, contract] of Object.entries(ballast)) {
  const contracts = Array.isArray(contract) ? contract : [contract];
  for (const [i, one] of contracts.entries()) {
    console.log(`${contracts.length > 1 ? `${name}[${i}]` : name} ${await one.getAddress()}`);
  }
}
