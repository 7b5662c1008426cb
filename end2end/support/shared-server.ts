// One server for all tests that do not stop it. Playwright runs this before the first test, and what it
// returns after the last.
import { Server } from "./program";

export default async function start(): Promise<() => Promise<void>> {
  const server = await new Server().start();
  // The tests run in processes of their own, which inherit the environment.
  process.env.TASKWIRE_TESTED = server.url;
  return () => server.end();
}
