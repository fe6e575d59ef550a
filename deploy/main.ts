// Deploys to the network named on the command line, with its own parameter file:
// npx hardhat run deploy/main.ts --network NAME reads deploy/parameters/NAME.json. Where the chain outlives this process, the addresses go
// into the file that `ballast` reads.
import { network } from "hardhat";
import { writeDeploymentFile } from "../keeper/cli/deployment-file.ts";
import { deployBallast } from "./deploy.ts";
import { deploymentRecord } from "./deployment-record.ts";
import { loadParameters } from "./parameter-file.ts";

const SIMULATED = "edr-simulated";
const LOCALHOST = "localhost";
const DEPLOYMENT_FILE = "out/deployment.json";

const connection = await network.create();
const local = connection.networkConfig.type === SIMULATED || connection.networkName === LOCALHOST;
const parameters = await loadParameters(local ? "local" : connection.networkName);
const ballast = await deployBallast(connection, parameters);

for (const [name, contract] of Object.entries(ballast)) {
  const contracts = Array.isArray(contract) ? contract : [contract];
  for (const [i, one] of contracts.entries()) {
    console.log(`${contracts.length > 1 ? `${name}[${i}]` : name} ${await one.getAddress()}`);
  }
}

if (connection.networkConfig.type === "http") {
  const rpcUrl = await connection.networkConfig.url.getUrl();
  writeDeploymentFile(DEPLOYMENT_FILE, await deploymentRecord(ballast, parameters, rpcUrl));
  console.log(`\nWrote ${DEPLOYMENT_FILE}. Next: npx ballast oracle status`);
}
