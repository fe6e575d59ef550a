import { expect } from "chai";
import { DatabaseError } from "pg";
import {
  type Connect,
  holdLock,
  type LockedSession,
  type Session,
} from "../../../../keeper/adapters/postgres/locked-session.ts";

const IN_USE = new Error("in use");

/** A server with one lock, which goes when the session that has it ends. */
function lockServer() {
  let holder: Session | null = null;
  const statements: string[] = [];
  const answers: { next: Error | null } = { next: null };
  const breaks = new Set<() => void>();
  const connect: Connect = (broken) => {
    const release = () => {
      if (holder === session) holder = null;
    };
    const session: Session = {
      query: (text) => {
        if (text.includes("pg_try_advisory_lock")) {
          holder ??= session;
          return Promise.resolve([{ held: holder === session }]);
        }
        const failure = answers.next;
        answers.next = null;
        if (failure !== null) return Promise.reject(failure);
        statements.push(holder === session ? text : `without the lock: ${text}`);
        return Promise.resolve([]);
      },
      end: () => {
        release();
        return Promise.resolve();
      },
    };
    breaks.add(() => {
      release();
      broken(new Error("the connection is gone"));
    });
    return Promise.resolve(session);
  };
  return {
    connect,
    statements,
    answers,
    isHeld: () => holder !== null,
    breakAll: () => {
      const all = [...breaks];
      breaks.clear();
      for (const each of all) each();
    },
  };
}

function processOn({ connect }: ReturnType<typeof lockServer>, name: string) {
  const failures: string[] = [];
  const session: LockedSession = holdLock(
    connect,
    async (query) => {
      await query(`${name} takes it`);
    },
    () => Promise.resolve(IN_USE),
    ({ message }) => failures.push(message),
  );
  const run = (text: string) =>
    session.query(`${name} ${text}`).then(
      () => "done",
      (error: unknown) => String(error),
    );
  return { run, failures, close: () => session.close() };
}

describe("the session that holds a store's lock", () => {
  it("has it before the first statement, and alone until it is closed", async () => {
    const server = lockServer();
    const [a, b] = [processOn(server, "a"), processOn(server, "b")];
    expect(await a.run("writes")).to.equal("done");
    expect(await b.run("writes")).to.equal(String(IN_USE));
    await a.close();
    expect(await b.run("writes again")).to.equal("done");
    expect(server.statements).to.deep.equal(["a takes it", "a writes", "b takes it", "b writes again"]);
    await b.close();
    expect(server.isHeld()).to.equal(false);
  });

  it("is opened once, however many statements wait for it", async () => {
    const server = lockServer();
    const a = processOn(server, "a");
    await Promise.all(["one", "two", "three"].map(a.run));
    expect(server.statements).to.deep.equal(["a takes it", "a one", "a two", "a three"]);
  });

  it("is replaced when it breaks, with the lock again before anything else", async () => {
    const server = lockServer();
    const a = processOn(server, "a");
    await a.run("writes");
    server.breakAll();
    expect(a.failures).to.deep.equal(["the connection is gone"]);
    expect(await a.run("writes again")).to.equal("done");
    expect(server.statements.slice(2)).to.deep.equal(["a takes it", "a writes again"]);
  });

  it("writes nothing more when another process took the lock meanwhile, until that one is gone", async () => {
    const server = lockServer();
    const [a, b] = [processOn(server, "a"), processOn(server, "b")];
    await a.run("writes");
    server.breakAll();
    await b.run("writes");
    expect(await a.run("writes late")).to.equal(String(IN_USE));
    await b.close();
    expect(await a.run("is back")).to.equal("done");
    expect(server.statements).to.deep.equal([
      "a takes it",
      "a writes",
      "b takes it",
      "b writes",
      "a takes it",
      "a is back",
    ]);
  });

  it("is given up when an answer does not come, and kept when the server refuses a statement", async () => {
    const server = lockServer();
    const a = processOn(server, "a");
    await a.run("writes");
    server.answers.next = new DatabaseError("no such table", 0, "error");
    expect(await a.run("errs")).to.include("no such table");
    server.answers.next = new Error("Query read timeout");
    expect(await a.run("waits")).to.include("timeout");
    expect(server.isHeld()).to.equal(false);
    await a.run("writes again");
    expect(server.statements).to.deep.equal(["a takes it", "a writes", "a takes it", "a writes again"]);
  });
});
