// What processes of a storm are loaded with first: each is seen to do its work in a process of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { preload } from "../../../scripts/network/preload.ts";
import { withFolder } from "../../support/keeper-file.ts";

const SKEW_MS = 300_000;
const NEAR_MS = 60_000;

const moduleUrl = (name: string) => new URL(`../../support/${name}`, import.meta.url).href;

/** Runs a program of one file; answers with what it wrote and how it ended. */
const run = (source: string, imports: readonly string[]) =>
  withFolder(async (folder) => {
    const file = join(folder, "program.mjs");
    writeFileSync(file, source);
    const { args, variables } = preload(imports);
    const child = spawn("env", [...variables, process.execPath, ...args, file], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    return { out, code, signal };
  });

const WRITES = `
import { DatabaseSync } from "node:sqlite";
import { writeSync } from "node:fs";
const database = new DatabaseSync(":memory:");
database.exec("CREATE TABLE view (epoch TEXT) STRICT; CREATE TABLE final (epoch TEXT) STRICT;");
const say = (text) => writeSync(1, text + " ");
const other = database.prepare("INSERT INTO final (epoch) VALUES (?)");
const write = database.prepare("INSERT OR REPLACE INTO view (epoch) VALUES (?)");
for (const epoch of ["1", "2", "3"]) { other.run(epoch); say("before" + epoch); write.run(epoch); say("after" + epoch); }
database.exec("BEGIN IMMEDIATE"); say("begun"); database.exec("COMMIT"); say("committed");
`;

describe("what is loaded before a process of a storm", () => {
  for (const [moment, said] of [
    ["before", "before1 after1 before2 "],
    ["after", "before1 after1 before2 "],
  ] as const)
    it(`kills it right ${moment} its second write to a table`, async () => {
      const url = `${moduleUrl("kill-at-write.ts")}?table=view&nth=2&moment=${moment}`;
      expect(await run(WRITES, [url])).to.deep.equal({ out: said, code: null, signal: "SIGKILL" });
    });

  it("kills it right before it commits, and lets it be when there are fewer writes", async () => {
    const commit = await run(WRITES, [`${moduleUrl("kill-at-write.ts")}?table=COMMIT&nth=1&moment=before`]);
    expect(commit.signal).to.equal("SIGKILL");
    expect(commit.out).to.match(/begun $/);
    const unharmed = await run(WRITES, [`${moduleUrl("kill-at-write.ts")}?table=view&nth=4&moment=after`]);
    expect(unharmed).to.include({ code: 0, signal: null });
    expect(unharmed.out).to.match(/committed $/);
  });

  it("sets its clock wrong, always or for a while, and leaves dates that are given alone", async () => {
    const source = `console.log(JSON.stringify([Date.now(), new Date().getTime(), new Date(5).getTime()]))`;
    const wrong = await run(source, [`${moduleUrl("wrong-clock.ts")}?offset=-${SKEW_MS / 1_000}`]);
    const [now = 0, made = 0, given] = JSON.parse(wrong.out) as number[];
    for (const time of [now, made]) expect(time).to.be.closeTo(Date.now() - SKEW_MS, NEAR_MS);
    expect(given).to.equal(5);
    const over = await run(source, [`${moduleUrl("wrong-clock.ts")}?offset=300&from=1&to=2`]);
    expect((JSON.parse(over.out) as number[])[0]).to.be.closeTo(Date.now(), NEAR_MS);
  });

  it("leads its connections through another door, and those to other ports not", async () => {
    const server = createServer((socket) => socket.end("door"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const source = (to: number) => `
      import { connect } from "node:net";
      connect({ host: "127.0.0.1", port: ${to} }).on("data", (text) => console.log(String(text)));`;
    const url = `${moduleUrl("redirected-dials.ts")}?7=${port}`;
    try {
      expect((await run(source(7), [url])).out).to.equal("door\n");
      expect((await run(source(port), [url])).out).to.equal("door\n");
    } finally {
      server.close();
    }
  });
});
