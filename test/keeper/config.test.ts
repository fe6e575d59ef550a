import { expect } from "chai";
import { ConfigError, loadDeployment, parseDeployment, readConfig } from "../../keeper/config.ts";
import { deploymentRecord, inTemporaryFolder } from "../support/deployment-record.ts";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeDeploymentFile } from "../../keeper/cli/deployment-file.ts";

const failure = (run: () => unknown): ConfigError => {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("a ConfigError was expected");
};

describe("the configuration", () => {
  it("has defaults for everything", () => {
    expect(readConfig({})).to.deep.equal({
      deploymentFile: "out/deployment.json",
      rpcUrl: null,
      keystoreFile: null,
      passwordFile: null,
    });
  });

  it("takes each value from its own variable, an empty one counting as none", () => {
    expect(
      readConfig({
        BALLAST_DEPLOYMENT: "a.json",
        BALLAST_RPC_URL: "http://localhost:1",
        BALLAST_KEYSTORE: "k.json",
        BALLAST_PASSWORD_FILE: "",
      }),
    ).to.deep.equal({
      deploymentFile: "a.json",
      rpcUrl: "http://localhost:1",
      keystoreFile: "k.json",
      passwordFile: null,
    });
  });

  it("names a variable that cannot be used", () => {
    const error = failure(() => readConfig({ BALLAST_RPC_URL: "nonsense" }));
    for (const part of ["BALLAST_RPC_URL", "expected a URL", '"nonsense"'])
      expect(error.message).to.include(part);
    expect(error.code).to.equal("config");
  });
});

describe("a deployment file", () => {
  it("is read back as it was written", () => {
    inTemporaryFolder((folder) => {
      const file = join(folder, "deep", "deployment.json");
      const written = writeDeploymentFile(file, deploymentRecord());
      expect(loadDeployment(file)).to.deep.equal(written);
      expect(written.addresses.clearingHouse).to.equal(deploymentRecord().addresses.clearingHouse);
    });
  });

  it("is refused by the name of each field that is missing or wrong", () => {
    const addresses = { ...deploymentRecord().addresses, clearingHouse: undefined };
    const value = { format: "ballast-deployment", version: 1, ...deploymentRecord() };
    const missing = failure(() => parseDeployment({ ...value, addresses }, "file.json"));
    for (const part of ["file.json", "addresses.clearingHouse", "given: nothing"])
      expect(missing.message).to.include(part);
    const exchange = { addresses: { ...value.addresses, exchange: "0x12" } };
    for (const [change, ...named] of [
      [exchange, "addresses.exchange", "expected an address", '"0x12"'],
      [{ format: "other" }, "format", '"ballast-deployment"', '"other"'],
      [{ version: 2 }, "version", "expected 1", "given: 2"],
      [{ rpcUrl: "node" }, "rpcUrl", "expected a URL", '"node"'],
      [{ chainId: 0 }, "chainId", ">=1", "given: 0"],
      [{ markets: { BTC: "1" } }, "markets.BTC", "market's number"],
      [{ markets: { "1": "" } }, "markets.1", ">=1 characters", '""'],
      [{ extra: true }, "extra"],
    ] as const) {
      const error = failure(() => parseDeployment({ ...value, ...change }, "f"));
      for (const part of named) expect(error.message).to.include(part);
    }
  });

  it("that is missing or no JSON says what to do", () => {
    inTemporaryFolder((folder) => {
      const file = join(folder, "deployment.json");
      expect(failure(() => loadDeployment(file)).advice).to.include("--deployment");
      writeFileSync(file, "{");
      expect(failure(() => loadDeployment(file)).message).to.include("not JSON");
    });
  });
});
