// What the program is started with, by the tests and by Lighthouse.

/** This process's environment without the person's own settings, as `forget_settings` in scripts/env has it. */
export function withoutSettings() {
  const setting = /^(TASKWIRE_|LEPTOS_|(DATABASE_URL|AUTH_SECRET|BETTER_AUTH_SECRET)$)/;
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !setting.test(name)));
  // A program from elsewhere may have its site elsewhere, too.
  const { TASKWIRE_BIN, TASKWIRE_SITE_DIR } = process.env;
  return TASKWIRE_BIN && TASKWIRE_SITE_DIR ? { ...environment, TASKWIRE_SITE_DIR } : environment;
}
