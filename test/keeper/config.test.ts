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
    expect(error.message).to.include("BALLAST_RPC_URL");
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
    expect(missing.message).to.include("file.json").and.include("addresses.clearingHouse");
    const wrong = { ...value, addresses: { ...value.addresses, exchange: "0x12" } };
    expect(failure(() => parseDeployment(wrong, "f")).message).to.include("not an address");
    expect(failure(() => parseDeployment({ ...value, version: 2 }, "f")).message).to.include("version");
    expect(failure(() => parseDeployment({ ...value, markets: { BTC: "1" } }, "f")).message).to.include(
      "markets",
    );
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
