// What keepers do about one of them that signs two reports for a round, on a real chain, with the gossip between them as the only evidence.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { listingsOf } from "../../keeper/cli/keeper/listings.ts";
import { createWatchChain } from "../../keeper/adapters/ethers/watch-chain.ts";
import { writeDeploymentFile } from "../../keeper/cli/deployment-file.ts";
import type { Deployment } from "../../keeper/config.ts";
import type { Hex } from "../../keeper/ports/hex.ts";
import {
  type KeeperNetwork,
  launchKeepers,
  type LocalKeeper,
  protocolInput,
} from "../../scripts/network/keeper-network.ts";
import { type LiveHouse, openLiveHouse } from "../../scripts/network/live-house.ts";
import { watchOracle } from "../../scripts/network/oracle-history.ts";
import { PROJECT_ROOT } from "../../scripts/run-command.ts";
import { KeeperSlashing__factory } from "../../types/ethers-contracts/factories/oracle/KeeperSlashing__factory.ts";
import { KeeperStaking__factory } from "../../types/ethers-contracts/factories/oracle/KeeperStaking__factory.ts";
import { RiskOracle__factory } from "../../types/ethers-contracts/factories/oracle/RiskOracle__factory.ts";
import { recordingTelemetry } from "../support/keeper-doubles.ts";
import { withFolder } from "../support/keeper-file.ts";
import { until } from "../support/storm.ts";
import { STORM_PROTOCOL } from "../support/storm-world.ts";

const TIMEOUT_MS = 420_000;
const LIAR = 0;
const HONEST = [1, 2, 3];
/** When each honest keeper dies about its first write of a proof: in its first life that keeps one, in its second, if it held one, that closes the case. */
const DEATHS: ReadonlyMap<number, readonly string[]> = new Map([
  [1, ["before", "after"]],
  [2, ["after", "before"]],
  [3, ["after", "after"]],
]);
const EPISODE = "2026-02";
const SNAPSHOTS = Array.from({ length: 8 }, (_, index) => 27 + index);
const STEP_SECONDS = 60;
const DURATION_SECONDS = 1_200;
const DEATH_MS = 120_000;
/** Three turns of half a minute. */
const PROOF_MS = 150_000;

describe("a keeper that signs two reports for a round in front of the others", function () {
  this.timeout(TIMEOUT_MS);

  it("loses its stake once by what they heard, though all of them are killed between hearing and proving, and as they close the case", async () => {
    await withFolder(async (folder) => {
      const world = await openWorld(folder);
      try {
        await proveAcrossDeath(folder, world);
      } finally {
        await world.network.stop();
        await world.house.close();
      }
    });
  });
});

interface World {
  readonly house: LiveHouse;
  readonly record: Deployment;
  readonly network: KeeperNetwork;
  readonly keepers: readonly LocalKeeper[];
}

async function openWorld(folder: string): Promise<World> {
  const house = await openLiveHouse({
    keepers: HONEST.length + 1,
    protocol: STORM_PROTOCOL,
    blockSeconds: 1,
    market: {
      dataFolder: join(PROJECT_ROOT, "data"),
      episode: EPISODE,
      snapshots: SNAPSHOTS,
      stepSeconds: STEP_SECONDS,
    },
    marketFolder: join(folder, "market"),
    durationSeconds: DURATION_SECONDS,
  });
  const deploymentFile = join(folder, "deployment.json");
  const record = writeDeploymentFile(deploymentFile, house.deployment.record);
  const { keepers } = house.deployment;
  const lives = keepers.map(() => 0);
  const importsOf = (index: number): readonly string[] => {
    if (index === LIAR) return [moduleUrl("evil-keeper.ts?conduct=equivocating&seed=1")];
    const moment = DEATHS.get(index)?.[lives[index] ?? 0];
    lives[index] = (lives[index] ?? 0) + 1;
    return moment === undefined
      ? []
      : [moduleUrl(`kill-at-write.ts?table=open_proof&moment=${moment}&nth=1`)];
  };
  const network = await launchKeepers(
    {
      folder,
      deploymentFile,
      rpcUrls: [house.node.url],
      shared: {
        marketData: { kind: "replay", dataFolder: join(folder, "market"), episode: EPISODE },
        limits: { maxDataAgeSeconds: DURATION_SECONDS },
        protocol: protocolInput(STORM_PROTOCOL),
        transactions: { confirmations: 1, finalityBlocks: 8 },
      },
      own: (_keeper, index) => ({ start: () => ({ imports: importsOf(index) }) }),
    },
    keepers,
  );
  return { house, record, network, keepers };
}

async function proveAcrossDeath(folder: string, world: World): Promise<void> {
  const { house, record, network, keepers } = world;
  const { keeperStaking, keeperSlashing, riskOracle } = record.addresses;
  const staking = KeeperStaking__factory.connect(keeperStaking, house.provider);
  const slashing = KeeperSlashing__factory.connect(keeperSlashing, house.provider);
  const keyOf = (index: number) => keepers[index]?.report.address ?? "";
  const stakes = () => Promise.all(keepers.map((_keeper, index) => staking.atStakeUnits(keyOf(index))));
  const before = await stakes();

  const hasDied = (index: number) => !network.isRunning(index);
  const saved = HONEST.filter((index) => DEATHS.get(index)?.[0] === "after");
  await until("death right after the evidence", DEATH_MS, () => saved.some(hasDied));
  for (const index of [LIAR, ...HONEST]) if (!hasDied(index)) await network.kill(index);
  const holders = HONEST.filter((index) => openProofs(folder, keepers[index]) > 0);
  expect(holders).not.to.be.empty;
  expect(await stakes()).to.deep.equal(before);

  for (const index of HONEST) await network.restart(index);
  await until("proof", PROOF_MS, async () => (await staking.atStakeUnits(keyOf(LIAR))) === 0n);
  await until("death of all who close the case", PROOF_MS, () => holders.every(hasDied));
  for (const index of holders) await network.restart(index);
  await until("end of all cases", PROOF_MS, async () => (await evidenceShown(network)).length === 0);
  const after = await stakes();
  expect(after[LIAR]).to.equal(0n);
  for (const index of HONEST) expect(after[index]).to.equal(before[index]);
  const proofs = await slashing.queryFilter(slashing.filters.EquivocationProven());
  expect(proofs.map(({ args }) => args.reportKey)).to.deep.equal([keyOf(LIAR)]);
  const expelled = await staking.queryFilter(staking.filters.OperatorExpelled());
  expect(expelled.map(({ args }) => args.reportKey)).to.deep.equal([keyOf(LIAR)]);
  for (const index of HONEST) expect(openProofs(folder, keepers[index])).to.equal(0);

  const seen = await headsOnChain(world);
  const ofLiar = seen.filter(({ signer }) => signer === keyOf(LIAR));
  expect(new Set(ofLiar.map(({ round }) => round)).size).to.equal(
    new Set(ofLiar.map(({ hash }) => hash)).size,
  );
  const oracle = RiskOracle__factory.connect(riskOracle, house.provider);
  const { observedAt } = await oracle.header();
  await until("a report of those who are left", PROOF_MS, async () => {
    return (await oracle.header()).observedAt > observedAt;
  });
}

function openProofs(folder: string, keeper: LocalKeeper | undefined): number {
  const database = new DatabaseSync(join(folder, keeper?.name ?? "", "keeper.sqlite"), { readOnly: true });
  try {
    return Number(database.prepare("SELECT COUNT(*) AS count FROM open_proof").get()?.["count"]);
  } finally {
    database.close();
  }
}

async function evidenceShown(network: KeeperNetwork): Promise<readonly unknown[]> {
  const shown = await Promise.all(
    HONEST.map(async (index) => {
      const response = await fetch(`${network.keeper(index).url}/evidence.json`);
      return (await response.json()) as unknown[];
    }),
  );
  return shown.flat();
}

interface SeenHead {
  readonly signer: Hex;
  readonly round: string;
  readonly hash: Hex;
}

/** Every signature in every block. */
async function headsOnChain({ house, record }: World): Promise<readonly SeenHead[]> {
  const history = await watchOracle(record.addresses, house.provider, listingsOf(record));
  const domain = await history.chain.oracleDomain();
  await history.stop();
  const chain = createWatchChain(record.addresses, domain, house.provider, recordingTelemetry());
  const configurations = await chain.configurations();
  const { number: last } = await chain.latestBlock();
  const seen: SeenHead[] = [];
  for (let number = 0n; number <= last; number++) {
    const block = await chain.block(number, configurations);
    for (const { signatures } of block?.reports ?? [])
      for (const { signer, head, hash } of signatures)
        seen.push({ signer, round: `${head.epoch.toString()}/${head.round.toString()}`, hash });
  }
  return seen;
}

const moduleUrl = (name: string) => new URL(`../support/${name}`, import.meta.url).href;
