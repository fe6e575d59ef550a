import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeeperFileInput } from "../../keeper/keeper-config.ts";

/** A whole configuration of a keeper that replays recorded data; paths are next to the file. */
export function keeperFile(changes: Partial<KeeperFileInput> = {}): KeeperFileInput {
  return {
    format: "ballast-keeper",
    version: 1,
    name: "keeper-1",
    deployment: "deployment.json",
    rpcUrls: ["http://127.0.0.1:8545"],
    keys: {
      report: "keys/report.json",
      transmitter: "keys/transmitter.json",
      network: "keys/network.json",
      passwordFile: "password",
    },
    store: { kind: "sqlite", file: "keeper.sqlite" },
    marketData: { kind: "replay", dataFolder: "data", episode: "2026-02" },
    network: { listen: "/ip4/127.0.0.1/tcp/0" },
    ...changes,
  };
}

/** Runs with a folder that is gone afterwards. */
export async function withFolder<T>(run: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "ballast-"));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes a configuration into a folder; answers with its path. */
export function writeKeeperFile(folder: string, content: unknown): string {
  const file = join(folder, "keeper.json");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}
