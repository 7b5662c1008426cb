// One server for all tests that do not stop it. Playwright runs this before the first test, and what it
// returns after the last.
import { administrator } from "./person";
import { Server } from "./program";

export default async function start(): Promise<() => Promise<void>> {
  const server = await new Server().start();
  // Whoever signs up first.
  const { name, email, password } = administrator;
  const signedUp = await fetch(`${server.url}/rpc/account/sign_up`, {
    method: "POST",
    body: new URLSearchParams({ name, email, password }),
    headers: { accept: "application/json" },
  });
  if (!signedUp.ok) throw new Error(`the administrator cannot sign up: ${await signedUp.text()}`);
  // The tests run in processes of their own, which inherit the environment.
  process.env.TASKWIRE_TESTED = server.url;
  return () => server.end();
}
