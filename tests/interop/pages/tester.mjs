// A resident tests the own line, reads what it means, gives the test and takes it back, in headless Chromium.
//
// node tester.mjs BASE-URL COMMUNE-CODE [SCREENSHOTS-FOLDER] [CHROMIUM]
//
// Prints a report as JSON. Exit code 0 when everything held, 1 otherwise, 64 for wrong words.

import { readFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [base, commune, screenshots, executablePath = '/usr/bin/chromium'] = process.argv.slice(2);
if (!commune) {
  console.error('usage: node tester.mjs BASE-URL COMMUNE-CODE [SCREENSHOTS-FOLDER] [CHROMIUM]');
  process.exit(64);
}
const origin = new URL(base).origin;
const axeSource = await readFile(
  join(dirname(fileURLToPath(import.meta.url)), 'node_modules/axe-core/axe.min.js'), 'utf8');
const report = { checks: [], axe: [], console: [], hosts: [] };
const check = (what, held, seen) => report.checks.push({ what, held: Boolean(held), ...(held ? {} : { seen }) });

const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
});

async function accessible(page, what) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => window.axe.run());
  for (const { id, impact, nodes } of violations) report.axe.push({ what, id, impact, node: nodes[0]?.html.slice(0, 160) });
}

async function shoot(page, name) {
  if (!screenshots) return;
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}

try {
  // Without script the page says why there is no test.
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const still = await plain.newPage();
  await still.goto(`${base}tester?commune=${commune}`);
  check('without script the page says so', await still.locator('#sans-script').isVisible() && !(await still.locator('#test').isVisible()),
    await still.locator('main').innerText());
  await plain.close();

  // The page's own policy stays in force while the test runs; axe is let in on a page of its own.
  const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
  const page = await context.newPage();
  page.on('console', (message) => {
    // Served in the clear from an address that is not this machine's own, the browser says that it ignores one header.
    if (!message.text().startsWith('The Cross-Origin-Opener-Policy header has been ignored')) report.console.push(message.text());
  });
  page.on('pageerror', (error) => report.console.push(String(error)));
  page.on('request', (request) => { if (new URL(request.url()).origin !== origin) report.hosts.push(request.url()); });
  page.on('websocket', (socket) => { report.socket = new URL(socket.url()).host; });

  await page.goto(`${base}tester`);
  await page.getByLabel('Où êtes-vous').fill(commune);
  await page.getByRole('button', { name: 'Choisir la commune' }).click();
  await page.locator('.found a').first().click();
  check('the commune is chosen', page.url().includes(`commune=${commune}`), page.url());
  check('nothing can be given before a test', !(await page.locator('#don').isVisible()), 'visible');

  await page.getByRole('button', { name: 'Lancer le test' }).click();
  await page.locator('#resultats').waitFor({ state: 'visible', timeout: 60_000 });
  const read = async (id) => (await page.locator(`#${id}`).innerText()).replace(/\s/g, ' ');
  const megabits = (text) => Number(text.replace(',', '.').replace(/ Mbit\/s$/, '').replace(/ /g, ''));
  report.download_mbit = megabits(await read('descendant'));
  report.upload_mbit = megabits(await read('montant'));
  report.round_trip = await read('aller-retour');
  report.volume = await read('volume');
  check('both directions have a figure', report.download_mbit > 0 && report.upload_mbit > 0, report);
  check('the round trip is told', /^[0-9,]+ ms$/.test(report.round_trip), report.round_trip);
  const said = await page.locator('#usages .dit').allInnerTexts();
  check('each use has a verdict', said.length >= 4 && said.every((text) => /Suffisant|Insuffisant|non mesuré/.test(text)), said);
  await shoot(page, 'tester-result-360');

  await page.getByLabel('Cet appareil est relié').selectOption('wired');
  await page.getByRole('button', { name: 'Donner' }).click();
  check('nothing is given without consent', !(await page.locator('#code-donne').isVisible()), 'given');
  await page.getByLabel("J'accepte").check();
  await page.getByRole('button', { name: 'Donner' }).click();
  await page.locator('#code-donne').waitFor({ state: 'visible' });
  const code = await page.locator('#code').innerText();
  check('a code is given', /^([0-9a-f]{4}-){7}[0-9a-f]{4}$/.test(code), code);
  await shoot(page, 'tester-given-360');

  await page.locator('#code-donne a').click();
  await page.getByRole('textbox', { name: 'Code' }).fill(code.toUpperCase());
  await page.getByRole('button', { name: 'Effacer' }).click();
  check('the test is erased', /1\s+test effacé/.test(await page.locator('main').innerText()), await page.locator('main').innerText());
  await page.getByRole('textbox', { name: 'Code' }).fill(code);
  await page.getByRole('button', { name: 'Effacer' }).click();
  check('it is gone', (await page.locator('main').innerText()).includes('Aucun test'), await page.locator('main').innerText());
  await context.close();

  for (const [width, scheme, language] of [[320, 'light', ''], [1440, 'dark', '&lang=en']]) {
    const wide = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, bypassCSP: true });
    const seen = await wide.newPage();
    for (const address of [`tester?commune=${commune}${language}`, `tester?q=a${language}`, `effacer?x=1${language}`]) {
      await seen.goto(base + address);
      // What a test would show, too.
      await seen.evaluate(() => document.querySelectorAll('#resultats, #don, #code-donne').forEach((part) => { part.hidden = false; }));
      await accessible(seen, `${address} ${width}`);
      const over = await seen.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      check(`${address} fits ${width} pixels`, over <= 0, over);
      await shoot(seen, `${address.replace(/[^a-z]+/gi, '_')}-${width}`);
    }
    await wide.close();
  }
} catch (error) {
  check('the resident came to the end', false, String(error));
} finally {
  await browser.close();
}
check('axe-core finds nothing', report.axe.length === 0, report.axe);
check('no request leaves the origin but for the test', report.hosts.length === 0, report.hosts);
check('the console is clean', report.console.length === 0, report.console);
console.log(JSON.stringify(report, null, 2));
process.exitCode = report.checks.every(({ held }) => held) ? 0 : 1;
