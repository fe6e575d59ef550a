import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { openStore } from "../../../keeper/cli/keeper/open-store.ts";
import { storeFailure } from "../../../keeper/cli/keeper/store-failure.ts";
import { CommandError } from "../../../keeper/cli/failure.ts";
import type { StoreChoice } from "../../../keeper/keeper-config.ts";
import { type StoreOpening, StoreRefused } from "../../../keeper/ports/store.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { withFolder } from "../../support/keeper-file.ts";

const owner = { chainId: 1n, registry: "0x01", reportKey: "0x02" };

/** The failure of opening a store that cannot be opened. */
async function failureOf(choice: StoreChoice, opening: StoreOpening = "existing"): Promise<CommandError> {
  const error: unknown = await openStore(choice, owner, opening, recordingTelemetry()).catch(
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CommandError)) throw new Error(`it opened, or failed with ${String(error)}`);
  expect(error.code).to.equal("store-unusable");
  return error;
}

describe("a store that cannot be opened", () => {
  it("is named with what to do: folder missing, no database, a folder in place of the file", () =>
    withFolder(async (folder) => {
      const missing = await failureOf({ kind: "sqlite", file: join(folder, "none", "keeper.sqlite") }, "new");
      expect(missing.message).to.include(join(folder, "none", "keeper.sqlite"));
      expect(missing.advice).to.include("make its folder");
      const text = join(folder, "text");
      writeFileSync(text, "this is no database, and long enough for its header to be read as one".repeat(20));
      const foreign = await failureOf({ kind: "sqlite", file: text });
      expect(foreign.message).to.include("not a database");
      expect(foreign.advice).to.include("store.file");
      mkdirSync(join(folder, "inside"));
      expect((await failureOf({ kind: "sqlite", file: join(folder, "inside") })).advice).not.to.equal("");
    }));

  it("is named without its password when the database server does not answer", async () => {
    const failure = await failureOf({ kind: "postgres", url: "postgres://me:sesame@127.0.0.1:1/ballast" });
    expect(failure.message).to.include("127.0.0.1:1/ballast").and.include("ECONNREFUSED");
    expect(failure.message).not.to.include("sesame");
    expect(failure.advice).to.include("start the database server");
  });

  it("says what the server's refusals mean", () => {
    const url = "postgres://me:sesame@db/ballast";
    const adviceOf = (code: string) => {
      const failure = storeFailure({ kind: "postgres", url }, Object.assign(new Error("no"), { code }));
      return failure instanceof CommandError ? failure.advice : "";
    };
    expect(adviceOf("28P01")).to.include("password");
    expect(adviceOf("3D000")).to.include("createdb");
    expect(adviceOf("XX000")).to.include("check the database");
  });

  it("stays what it is when the store refuses this keeper", () => {
    const refused = new StoreRefused("another's", "give each its own");
    expect(storeFailure({ kind: "sqlite", file: "x" }, refused)).to.equal(refused);
  });
});
