#!/usr/bin/env node
// Starts the command line (keeper/cli/main.ts) under the Node 24 that the project installs, whatever Node called it.
// Plain JavaScript, because it must also run under an older Node, which cannot read TypeScript.
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const inProject = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const setup = spawnSync("bash", [inProject("scripts/setup.sh")], { stdio: ["ignore", 2, 2] });
if (setup.status !== 0) {
  console.error("ballast: the set-up failed; read the lines above, then run `npm run setup`.");
  process.exit(setup.status ?? 1);
}

const child = spawn(
  inProject("node_modules/.bin/node"),
  ["--import", import.meta.resolve("tsx"), inProject("keeper/cli/main.ts"), ...process.argv.slice(2)],
  { stdio: "inherit" },
);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`ballast: cannot start Node 24 (${error.message}); run \`npm run setup\`.`);
  process.exit(1);
});
child.on("exit", (code) => process.exit(code ?? 1));
