import { type APIRequestContext, type Page, expect } from "@playwright/test";

/** An agent with a token of the person's, who is signed in on the page. */
export class Agent {
  private constructor(
    private readonly request: APIRequestContext,
    private readonly token: string,
    private readonly name: string,
  ) {}

  static async of(page: Page, name = "test-agent"): Promise<Agent> {
    const session = (await page.context().cookies()).find((cookie) => cookie.name === "taskwire_session");
    const made = await page.request.post("/api/auth/tokens", {
      headers: { authorization: `Bearer ${session?.value}` },
      data: { name: "Robot", scopes: ["tasks:write", "teams:read", "dashboard:read"] },
    });
    expect(made.status(), await made.text()).toBe(201);
    return new Agent(page.request, (await made.json()).secret, name);
  }

  /** Calls a tool, and returns its structured answer. */
  async call(tool: string, given: Record<string, unknown>): Promise<any> {
    const answer = await this.request.post("/mcp", {
      headers: {
        accept: "application/json, text/event-stream",
        authorization: `Bearer ${this.token}`,
        cookie: "",
        "user-agent": this.name,
      },
      data: { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: given } },
    });
    const { result } = await answer.json();
    expect(result?.isError, await answer.text()).toBe(false);
    return result.structuredContent;
  }

  /** The same for what must be confirmed. */
  async confirmed(tool: string, given: Record<string, unknown>) {
    const { confirmation } = (await this.call(tool, given)).confirmation_required;
    return (await this.call(tool, { ...given, confirmation })).done;
  }
}
