// The house on an in-process chain whose clock stands at a recorded episode, served to other processes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { network } from "hardhat";
import { deployBallast, type Ballast } from "../../deploy/deploy.ts";
import { deploymentRecord } from "../../deploy/deployment-record.ts";
import { type DeployParameters, loadParameters } from "../../deploy/parameter-file.ts";
import { loadDailyHistory } from "../../keeper/adapters/replay/daily-history.ts";
import { loadEpisode } from "../../keeper/adapters/replay/episodes.ts";
import { openReplay } from "../../keeper/adapters/replay/replay.ts";
import { writeDeploymentFile } from "../../keeper/cli/deployment-file.ts";
import { MARKETS } from "../../keeper/ports/market-data.ts";
import { PROJECT_ROOT } from "../../scripts/run-command.ts";
import { serveRpc } from "./rpc-server.ts";

export const DATA_FOLDER = `${PROJECT_ROOT}data`;
export const EPISODE = "2026-02";
const FEED_UNITS = 1e8;
const GOVERNANCE_WEI = 10n ** 18n;

export interface ReplayChain {
  readonly ballast: Ballast;
  readonly parameters: DeployParameters;
  readonly url: string;
  readonly folder: string;
  readonly deploymentFile: string;
  /** Moves the chain's clock just beyond a snapshot of the episode, and the price feeds to its spots. */
  moveTo(snapshot: number): Promise<void>;
  /** Makes a block: whoever follows the chain's clock sets its own by it. */
  tick(): Promise<void>;
  /** Governance agrees to other protocol parameters: a new configuration of the same keepers. */
  agreeOn(parametersHash: string): Promise<void>;
  close(): Promise<void>;
}

/** @param change of the parameters, before they are deployed */
export async function openReplayChain(
  change: (parameters: DeployParameters) => DeployParameters = (parameters) => parameters,
): Promise<ReplayChain> {
  const folder = mkdtempSync(join(tmpdir(), "ballast-"));
  const connection = await network.create({ network: "replay" });
  const parameters = change(await loadParameters("replay"));
  const ballast = await deployBallast(connection, parameters);
  const replay = openReplay(loadEpisode(DATA_FOLDER, EPISODE), loadDailyHistory(DATA_FOLDER));
  const server = await serveRpc(connection.provider);
  const deploymentFile = join(folder, "deployment.json");
  writeDeploymentFile(deploymentFile, await deploymentRecord(ballast, parameters, server.url));
  const moveTo = async (snapshot: number) => {
    const seconds = (replay.snapshotTimes[snapshot] ?? 0) + 1;
    await connection.networkHelpers.time.increaseTo(seconds);
    for (const [index, { market }] of parameters.oracle.markets.entries()) {
      const name = MARKETS.find((known) => known === parameters.markets[market.toString()]);
      if (name === undefined) continue;
      const { spotUsd } = await replay.at(seconds).latest(name);
      await ballast.feeds[index]?.updateAnswer(BigInt(Math.round(spotUsd * FEED_UNITS)));
    }
  };
  await moveTo(0);
  return {
    ballast,
    parameters,
    url: server.url,
    folder,
    deploymentFile,
    moveTo,
    tick: async () => {
      await connection.networkHelpers.mine();
    },
    agreeOn: async (parametersHash) => {
      const { timelock, keepers } = ballast;
      const { networkHelpers, ethers } = connection;
      const governance = await timelock.getAddress();
      await networkHelpers.impersonateAccount(governance);
      await networkHelpers.setBalance(governance, GOVERNANCE_WEI);
      await keepers.connect(await ethers.getSigner(governance)).setParametersHash(parametersHash);
    },
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}
