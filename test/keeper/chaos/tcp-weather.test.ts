import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { expect } from "chai";
import { CALM_LINK, startTcpWeather, type TcpWeather } from "../../support/tcp-weather.ts";

const WAIT_MS = 2_000;
const SOON_MS = 60;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("the weather between processes", () => {
  let weather: TcpWeather;
  const servers: Server[] = [];
  const heard = ["", "", ""];
  const accepted: Socket[] = [];

  beforeEach(async () => {
    heard.fill("");
    const ports: number[] = [];
    for (const index of heard.keys()) {
      const server = createServer((socket) => {
        accepted.push(socket);
        socket.on("error", () => undefined);
        socket.on("data", (chunk: Buffer) => {
          heard[index] = (heard[index] ?? "") + chunk.toString();
          socket.write(chunk);
        });
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      servers.push(server);
      ports.push((server.address() as AddressInfo).port);
    }
    weather = await startTcpWeather(ports);
  });
  afterEach(async () => {
    await weather.close();
    for (const socket of accepted.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  const dial = async (from: number, to: number) => {
    const port = (servers[to]?.address() as AddressInfo).port;
    const socket = connect(weather.doorsOf(from).get(port) ?? 0, "127.0.0.1");
    const state = { text: "", isClosed: false };
    socket.on("data", (chunk: Buffer) => (state.text += chunk.toString()));
    socket.on("error", () => undefined);
    socket.on("close", () => (state.isClosed = true));
    await once(socket, "connect");
    return { socket, state };
  };
  const until = async (holds: () => boolean) => {
    const deadline = performance.now() + WAIT_MS;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error("it did not come to hold");
      await pause(5);
    }
  };

  it("gives every process a door of its own to each of the others", async () => {
    const doors = [0, 1, 2].flatMap((from) => [...weather.doorsOf(from).values()]);
    expect(new Set(doors).size).to.equal(6);
    const { socket, state } = await dial(0, 2);
    socket.write("calm");
    await until(() => state.text === "calm");
    expect(heard).to.deep.equal(["", "", "calm"]);
  });

  it("holds what one says while its direction is stalled, in its order, and not what the other says", async () => {
    const { socket, state } = await dial(0, 1);
    await until(() => accepted.length === 1);
    weather.set(0, 1, { ...CALM_LINK, isStalled: true });
    socket.write("one ");
    socket.write("two");
    accepted[0]?.write("answer");
    await until(() => state.text === "answer");
    await pause(SOON_MS);
    expect(heard[1]).to.equal("");
    weather.set(0, 1, CALM_LINK);
    await until(() => heard[1] === "one two");
  });

  it("delays, and is narrow: never early, and whole in the end", async () => {
    const { socket } = await dial(1, 0);
    weather.set(1, 0, { ...CALM_LINK, delayMs: 80, bytesPerSecond: 10_000 });
    const sentMs = performance.now();
    socket.write("x".repeat(1_000));
    socket.write("y");
    await until(() => heard[0]?.endsWith("y") === true);
    // A delay of 80 ms and 100 ms for 1,000 bytes; a timer may be a millisecond early.
    expect(performance.now() - sentMs).to.be.greaterThan(178);
    expect(heard[0]).to.have.length(1_001);
  });

  it("ends the connections of a pair when its link is cut, whoever dialled, and lets none begin until it heals", async () => {
    const [there, back, other] = [await dial(0, 1), await dial(1, 0), await dial(0, 2)];
    weather.set(0, 1, { ...CALM_LINK, isCut: true });
    await until(() => there.state.isClosed && back.state.isClosed);
    expect(other.state.isClosed).to.equal(false);
    const refused = await dial(1, 0);
    await until(() => refused.state.isClosed);
    weather.set(0, 1, CALM_LINK);
    const healed = await dial(1, 0);
    healed.socket.write("again");
    await until(() => healed.state.text === "again");
    expect(weather.dropped).to.equal(2);
  });

  it("drops the connections of one pair alone when told to, and new ones may begin", async () => {
    const [doomed, other] = [await dial(2, 1), await dial(0, 1)];
    weather.drop(1, 2);
    await until(() => doomed.state.isClosed);
    expect(other.state.isClosed).to.equal(false);
    const next = await dial(2, 1);
    next.socket.write("next");
    await until(() => next.state.text === "next");
  });
});
