// Pages without a network: kept only after asking, marked as copies, never the test; a new version of the shell takes the place of the old.
//
// node offline.mjs BASE-URL DEPARTEMENT COMMUNE-CODE [SCREENSHOTS-FOLDER] [CHROMIUM]
//
// Prints a report as JSON. Exit code 0 when everything held, 1 otherwise, 64 for wrong words.

import { readFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [base, departement, commune, screenshots, executablePath = '/usr/bin/chromium'] = process.argv.slice(2);
if (!commune) {
  console.error('usage: node offline.mjs BASE-URL DEPARTEMENT COMMUNE-CODE [SCREENSHOTS-FOLDER] [CHROMIUM]');
  process.exit(64);
}
const origin = new URL(base).origin;
const axeSource = await readFile(
  join(dirname(fileURLToPath(import.meta.url)), 'node_modules/axe-core/axe.min.js'), 'utf8');
const report = { checks: [], axe: [], foreign: [], console: [] };
const check = (what, held, seen) => report.checks.push({ what, held: Boolean(held), ...(held ? {} : { seen }) });

const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
});

async function shoot(page, name) {
  if (!screenshots) return;
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}
function watched(page) {
  page.on('request', (request) => { if (new URL(request.url()).origin !== origin) report.foreign.push(request.url()); });
  // Without a network the browser says of every request that it failed.
  page.on('console', (message) => { if (!message.text().includes('ERR_INTERNET_DISCONNECTED')) report.console.push(`${page.url()}: ${message.text()}`); });
  page.on('pageerror', (error) => report.console.push(`${page.url()}: ${error}`));
  return page;
}
const kept = (page) => page.evaluate(async () => {
  const found = [];
  for (const name of await caches.keys()) {
    for (const { url } of await (await caches.open(name)).keys()) found.push(`${name} ${url.slice(origin.length)}`);
  }
  return found;
});

try {
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const still = watched(await plain.newPage());
  await still.goto(`${base}hors-ligne`);
  check('without script the page says so', await still.locator('#sans-script').isVisible(), await still.locator('main').innerText());
  await plain.close();

  const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
  const page = watched(await context.newPage());
  await page.goto(`${base}commune/${commune}`);
  await page.getByRole('link', { name: 'Lire sans réseau' }).click();
  check('nothing is kept unasked', (await kept(page)).length === 0, await kept(page));
  await page.getByRole('button', { name: 'Garder les pages' }).click();
  await page.getByRole('button', { name: 'Tout effacer' }).waitFor();
  await shoot(page, 'hors-ligne-rien-360');

  // Now pages are kept as they are looked at; not the test, its erasure or a search.
  for (const path of [`departement/${departement}`, `commune/${commune}`, 'tester', 'effacer', 'recherche?q=e', 'api/v1/openapi.json', 'glossaire?lang=en']) {
    await page.goto(base + path);
  }
  check('online there is no mark', (await page.locator('#copie').count()) === 0, await page.locator('main').innerText());
  await page.goto(`${base}hors-ligne`);
  const pages = (await kept(page)).filter((one) => one.startsWith('desserte-pages-1 ')).map((one) => one.split(' ')[1].replace(/^https?:\/\/[^/]+/, ''));
  check('what was looked at is kept, and nothing else',
    pages.sort().join() === [`/commune/${commune}`, `/departement/${departement}`, '/glossaire?lang=en'].sort().join(), pages);
  await page.locator('#copies a').first().waitFor();
  check('the page lists it', (await page.locator('#copies tbody tr').count()) === 3, await page.locator('main').innerText());
  await shoot(page, 'hors-ligne-gardees-360');

  await context.setOffline(true);
  await page.goto(`${base}commune/${commune}`);
  const mark = await page.locator('#copie').innerText();
  check('a copy is marked with its date', /^Consulté hors ligne : état du \d{1,2} \S+ \d{4} à \d\d:\d\d\./.test(mark), mark);
  const ink = await page.evaluate(() => getComputedStyle(document.querySelector('.brand')).fontWeight);
  check('its style sheet is there', ink === '700', ink);
  await shoot(page, 'hors-ligne-commune-360');
  await page.goto(`${base}glossaire?lang=en`);
  check('an English copy is marked in English', (await page.locator('#copie').innerText()).startsWith('Read offline: state of'),
    await page.locator('#copie').innerText());
  for (const path of ['tester', 'recherche?q=e', `commune/${commune}?jours=7`]) {
    await page.goto(base + path);
    await page.locator('#absente').waitFor();
    await page.locator('#copies a').first().waitFor();
    check(`${path} was not kept and the page says so`, (await page.locator('#copies a').count()) === 3, await page.locator('main').innerText());
  }
  await shoot(page, 'hors-ligne-absente-360');
  await context.setOffline(false);

  // Copies of an older version, and a new version in its place.
  const before = (await kept(page)).filter((one) => one.startsWith('desserte-shell-'));
  check('the shell is kept', before.length >= 5, before);
  await page.goto(`${base}hors-ligne`);
  const renewed = await page.evaluate(async () => {
    const names = () => caches.keys().then((all) => all.filter((name) => name.startsWith('desserte-shell-')).join());
    await caches.open('desserte-shell-ancien');
    // Of the same content under another address: to the browser that is another version.
    await navigator.serviceWorker.register('/service-worker.js?autre', { scope: '/' });
    for (let tries = 0; tries < 50 && (await names()).includes('ancien'); tries += 1) await new Promise((done) => { setTimeout(done, 100); });
    return names();
  });
  check('a new version takes the place of the old', !renewed.includes('ancien') && renewed.startsWith('desserte-shell-'), renewed);
  const after = (await kept(page)).filter((one) => one.startsWith('desserte-pages-1 '));
  check('pages stay through a new version', after.length === 3, after);

  await page.goto(`${base}hors-ligne`);
  await page.getByRole('button', { name: 'Tout effacer' }).click();
  await page.getByRole('button', { name: 'Garder les pages' }).waitFor();
  check('all is erased', (await kept(page)).length === 0, await kept(page));
  await context.setOffline(true);
  const gone = await page.goto(`${base}commune/${commune}`).then(() => false, () => true);
  check('nothing is shown without a network then', gone, page.url());
  await context.close();

  for (const [width, scheme, language] of [[320, 'light', ''], [1440, 'dark', '?lang=en']]) {
    const wide = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, bypassCSP: true });
    const seen = watched(await wide.newPage());
    for (const path of ['hors-ligne', 'donnees-ouvertes']) {
      await seen.goto(base + path + language);
      if (path === 'hors-ligne') await seen.getByRole('button').last().waitFor();
      await seen.evaluate(() => document.querySelectorAll('#absente, #copies').forEach((part) => { part.hidden = false; }));
      await seen.evaluate(axeSource);
      const { violations } = await seen.evaluate(() => window.axe.run());
      for (const { id, impact, nodes } of violations) report.axe.push({ path, width, id, impact, node: nodes[0]?.html.slice(0, 160) });
      const over = await seen.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      check(`${path} fits ${width} pixels`, over <= 0, over);
      await shoot(seen, `${path}-${width}`);
    }
    await wide.close();
  }
} catch (error) {
  check('the reader came to the end', false, String(error));
} finally {
  await browser.close();
}
check('axe-core finds nothing', report.axe.length === 0, report.axe);
check('no request leaves the origin', report.foreign.length === 0, report.foreign);
check('the console is clean', report.console.length === 0, report.console);
console.log(JSON.stringify(report, null, 2));
process.exitCode = report.checks.every(({ held }) => held) ? 0 : 1;
