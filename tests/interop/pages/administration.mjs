// Somebody logs in with a password, makes a code for a site, withdraws it, logs out, and comes back through an OpenID provider of another make.
//
// node administration.mjs BASE-URL LOGIN PASSWORD COMMUNE-CODE PERSON STRANGER [SCREENSHOTS-FOLDER] [CHROMIUM]
//
// PERSON and STRANGER are people at the provider; the first has an account here. Prints a report as JSON. Exit code 0 when everything held,
// 1 otherwise, 64 for wrong words.

import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [base, login, password, commune, person, stranger, screenshots, executablePath = '/usr/bin/chromium'] =
  process.argv.slice(2);
if (!stranger) {
  console.error('usage: node administration.mjs BASE-URL LOGIN PASSWORD COMMUNE-CODE PERSON STRANGER [SCREENSHOTS-FOLDER] [CHROMIUM]');
  process.exit(64);
}
const axeSource = await readFile(
  join(dirname(fileURLToPath(import.meta.url)), 'node_modules/axe-core/axe.min.js'), 'utf8');
const report = { checks: [], axe: [] };
const check = (what, held, seen) => report.checks.push({ what, held: Boolean(held), ...(held ? {} : { seen }) });

const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
});
// The pages' own policy forbids scripts; axe-core is one.
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, bypassCSP: true });
const page = await context.newPage();
const board = `${base}administration`;

async function look(name) {
  for (const width of [360, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    check(`${name} fits ${width} pixels`, wide <= 0, wide);
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(() => window.axe.run());
    report.axe.push(...violations.map(({ id, nodes }) => ({ name, width, id, node: nodes[0]?.html.slice(0, 160) })));
    if (screenshots) {
      await mkdir(screenshots, { recursive: true });
      await page.screenshot({ path: join(screenshots, `administration-${name}-${width}.png`), fullPage: true });
    }
  }
}

async function type(name, word) {
  await page.getByLabel('Compte').fill(name);
  await page.getByLabel('Mot de passe').fill(word);
  await page.getByRole('button', { name: 'Se connecter' }).click();
}

// Without a session one is led to the login.
await page.goto(board);
check('led to the login', page.url().endsWith('/administration/connexion'), page.url());
await look('login');
await type(login, 'un mot de passe qui n’est pas le bon');
check('a wrong password is said', await page.getByRole('alert').isVisible());
await look('refused');
await type(login, password);
check('logged in', page.url() === board, page.url());
const [cookie] = await context.cookies();
check('the cookie is closed', cookie?.httpOnly && cookie.secure && cookie.sameSite === 'Strict', cookie);
await look('board');

await page.getByLabel('Nom de la sonde').fill('Mairie d’essai');
await page.getByLabel('Code INSEE de la commune').fill(commune);
await page.getByRole('button', { name: 'Faire un code' }).click();
const told = await page.locator('main').innerText();
check('the code is told', /[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}/.test(told), told);
check('with its drawing', await page.getByRole('img', { name: 'code QR' }).isVisible());
await look('code');
await page.getByRole('link', { name: 'Revenir aux sondes' }).click();
const row = page.getByRole('row').filter({ hasText: 'Mairie d’essai' });
check('it waits in the list', (await row.count()) === 1);
await row.getByRole('button', { name: 'Retirer' }).click();
check('and is withdrawn', (await page.getByText('Mairie d’essai').count()) === 0);
await page.getByRole('link', { name: 'Journal' }).click();
check('both are written down', /withdraw/.test(await page.locator('main').innerText()));
await look('log');

// Whoever presses the back button after logging out sees nothing.
await page.goto(board);
await page.getByRole('button', { name: 'Se déconnecter' }).click();
check('logged out', page.url().endsWith('/administration/connexion'), page.url());
await page.goBack();
check('nothing is left on the device', page.url().endsWith('/administration/connexion'), page.url());

// Through the provider: somebody without an account, then somebody with one.
for (const who of [stranger, person]) {
  await page.goto(`${base}administration/connexion`);
  await page.getByRole('link', { name: 'Se connecter avec' }).click();
  check('led to the provider', new URL(page.url()).origin !== new URL(base).origin, page.url());
  await page.getByPlaceholder('sub').fill(who);
  await page.getByRole('button', { name: 'Authorize' }).click();
  if (who === stranger) {
    await page.getByRole('alert').waitFor();
    const words = await page.getByRole('alert').innerText();
    check('a stranger is told which identifier to give', words.includes(stranger), words);
    await look('stranger');
  }
}
await page.waitForURL(board);
check('somebody with an account is let in', await page.getByRole('heading', { name: 'Sondes et invitations' }).isVisible());

await browser.close();
report.failed = report.checks.filter(({ held }) => !held);
console.log(JSON.stringify(report, null, 1));
process.exit(report.failed.length === 0 && report.axe.length === 0 ? 0 : 1);
