import { expect } from "chai";
import { createPinoTelemetry } from "../../../../keeper/adapters/telemetry/pino-telemetry.ts";
import { redactText } from "../../../../keeper/adapters/telemetry/redact.ts";
import { hexlify, randomBytes } from "ethers";

function logged(level: "info" | "warn" = "info") {
  const lines: string[] = [];
  const telemetry = createPinoTelemetry({ name: "keeper-1", level }, { write: (line) => lines.push(line) });
  return { lines, telemetry, last: () => JSON.parse(lines.at(-1) ?? "null") as Record<string, unknown> };
}

describe("log lines", () => {
  it("are JSON with time, level, keeper, event and fields; big integers are text", () => {
    const { telemetry, last } = logged();
    telemetry.info("report-posted", { epoch: 2n ** 63n, round: 1, peer: null });
    const { time, ...line } = last();
    expect(line).to.deep.equal({
      level: "info",
      keeper: "keeper-1",
      event: "report-posted",
      epoch: "9223372036854775808",
      round: 1,
      peer: null,
    });
    expect(String(time)).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it("below the level are not written", () => {
    const { telemetry, lines, last } = logged("warn");
    telemetry.info("quiet");
    expect(lines).to.have.length(0);
    telemetry.warn("loud");
    expect(last()).to.include({ level: "warn", event: "loud" });
    telemetry.error("louder");
    expect(last()).to.include({ level: "error", event: "louder" });
  });

  it("hide secrets by name and inside texts", () => {
    const { telemetry, lines } = logged();
    const key = hexlify(randomBytes(32)).slice(2);
    telemetry.error("start-failed", {
      password: "open sesame",
      privateKey: key,
      reason: `private key 0x${key} at https://me:pw@rpc.example.org/v3/abcdef?token=1, postgres://u:pw@db:5432/x`,
    });
    const [line = ""] = lines;
    for (const secret of ["sesame", key, "me:pw", "abcdef", "token", "u:pw"])
      expect(line).not.to.include(secret);
    expect(line).to.include("https://rpc.example.org/[hidden]").and.include("postgres://db:5432/[hidden]");
  });

  it("keep hashes and plain addresses of nodes", () => {
    const hash = `0x${"ab".repeat(32)}`;
    expect(redactText(`report ${hash} from http://127.0.0.1:8545`)).to.equal(
      `report ${hash} from http://127.0.0.1:8545`,
    );
  });
});
