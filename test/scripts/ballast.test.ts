import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { writeDeploymentFile } from "../../keeper/cli/deployment-file.ts";
import { KEEPER_FLAGS } from "../../scripts/network/keeper-process.ts";
import { PROJECT_ROOT } from "../../scripts/run-command.ts";
import { deploymentRecord } from "../support/deployment-record.ts";
import { keeperFile, withFolder, writeKeeperFile } from "../support/keeper-file.ts";

const BALLAST = `${PROJECT_ROOT}scripts/ballast`;

/** A node of the chain that takes questions and never answers. */
async function silentNode() {
  const asked = Promise.withResolvers<unknown>();
  const left = Promise.withResolvers<unknown>();
  const server = createServer((request) => {
    request.socket.once("close", left.resolve);
    asked.resolve(null);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port.toString()}`, asked: asked.promise, left: left.promise, server };
}

/** `ballast keeper` with a cache of compiled sources in the folder: how it ended, and all that is in the cache. */
async function runKeeper(folder: string, words: readonly string[]) {
  const cache = join(folder, "compiled");
  const told = `--import=${new URL("../support/tell-v8-flags.ts", import.meta.url).href}`;
  const main = `${PROJECT_ROOT}keeper/cli/main.ts`;
  const command = [`NODE_COMPILE_CACHE=${cache}`, process.execPath, ...KEEPER_FLAGS, told, main, "keeper"];
  const child = spawn("env", [...command, ...words], { stdio: ["ignore", "ignore", "pipe"] });
  let err = "";
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, err, files: readdirSync(cache, { recursive: true }).sort() };
}

describe("keeper compile", function () {
  this.timeout(60_000);

  it("has compiled all that a start loads, so that the keeper compiles nothing", () =>
    withFolder(async (folder) => {
      const compiled = await runKeeper(folder, ["compile"]);
      expect(compiled.code).to.equal(0);
      expect(compiled.files.length).to.be.greaterThan(1_000);
      const started = await runKeeper(folder, ["start", "--config", join(folder, "missing.json")]);
      expect(started.code).to.equal(1);
      expect(started.files).to.deep.equal(compiled.files);
      expect(compiled.err, "flags of V8 change what was compiled").not.to.include("V8 --");
      expect(started.err, "a heap that is not kept compact grows by the hour").to.include(
        "V8 --optimize-for-size",
      );
    }));
});

describe("scripts/ballast", function () {
  this.timeout(60_000);
  let child: ChildProcess | null = null;
  afterEach(() => {
    child?.kill("SIGKILL");
  });

  it("runs the command line with its arguments and exit code", async () => {
    child = spawn(BALLAST, ["keeper", "status", "http://127.0.0.1:1", "--json"], { stdio: "pipe" });
    let out = "";
    child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    expect(code).to.equal(1);
    expect(JSON.parse(out)).to.have.nested.property("keepers[0].url", "http://127.0.0.1:1");
  });

  it("is the keeper's own process, so that SIGKILL leaves none behind", () =>
    withFolder(async (folder) => {
      const node = await silentNode();
      writeDeploymentFile(join(folder, "deployment.json"), deploymentRecord(node.url));
      const config = writeKeeperFile(folder, keeperFile({ rpcUrls: [node.url] }));
      child = spawn(BALLAST, ["keeper", "start", "--dry-run", "--config", config], { stdio: "ignore" });
      await node.asked;
      const command = readFileSync(`/proc/${child.pid}/cmdline`, "utf8").split("\0");
      expect(command.slice(1, 1 + KEEPER_FLAGS.length)).to.deep.equal(KEEPER_FLAGS);
      expect(command).to.include(`${PROJECT_ROOT}keeper/cli/main.ts`);
      expect(command.join(" ")).not.to.include("tsx");
      child.kill("SIGKILL");
      await node.left;
      node.server.close();
    }));
});
