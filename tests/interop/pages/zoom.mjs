// The zoomable map in headless Chromium: drawn, zoomed to communes, one chosen by pointer and by keyboard, nothing from elsewhere.
//
// node zoom.mjs BASE-URL DEPARTEMENT LON LAT [SCREENSHOTS-FOLDER] [CHROMIUM]
//
// LON and LAT lie in a measured commune. Prints a report as JSON. Exit code 0 when everything held, 1 otherwise, 64 for wrong words.

import { readFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [base, departement, lon, lat, screenshots, executablePath = '/usr/bin/chromium'] = process.argv.slice(2);
if (!lat) {
  console.error('usage: node zoom.mjs BASE-URL DEPARTEMENT LON LAT [SCREENSHOTS-FOLDER] [CHROMIUM]');
  process.exit(64);
}
const origin = new URL(base).origin;
const axeSource = await readFile(
  join(dirname(fileURLToPath(import.meta.url)), 'node_modules/axe-core/axe.min.js'), 'utf8');
const report = { checks: [], axe: [], foreign: [], console: [], octets: 0, tiles: 0 };
const check = (what, held, seen) => report.checks.push({ what, held: Boolean(held), ...(held ? {} : { seen }) });

// WebGL without a graphics card.
const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'],
});

async function open(width, more = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, reducedMotion: 'reduce', ...more });
  const page = await context.newPage();
  page.on('request', (request) => {
    const url = request.url();
    if (url.startsWith('data:') || url.startsWith('blob:')) return;
    if (new URL(url).origin !== origin) report.foreign.push(url);
    if (url.includes('/tuiles/')) report.tiles += 1;
  });
  page.on('console', (message) => {
    // A graphics card made of software says that it is slow.
    if (!/GPU stall|GL Driver|swiftshader/i.test(message.text())) report.console.push(message.text());
  });
  page.on('pageerror', (error) => report.console.push(String(error)));
  return page;
}
const ready = (page) => page.locator('#carte[data-pret="oui"]').waitFor({ timeout: 60_000 });
async function shoot(page, name) {
  if (!screenshots) return;
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}

try {
  const still = await open(360, { javaScriptEnabled: false });
  await still.goto(`${base}carte`);
  check('without script the page says so', await still.locator('#sans-script').isVisible(), await still.locator('main').innerText());
  await still.context().close();

  // From the département's page to the map, and down to a commune. The page's own policy stays in force.
  const page = await open(1440);
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  session.on('Network.loadingFinished', ({ encodedDataLength }) => { report.octets += encodedDataLength; });
  await page.goto(`${base}departement/${departement}`);
  report.octets = 0;
  await page.getByRole('link', { name: /Carte à zoomer/ }).click();
  await page.locator('#carte canvas').waitFor({ timeout: 60_000 });
  await ready(page);
  const opening = await page.locator('#carte').getAttribute('data-ouverture');
  check('the map opens on the département that the reader comes from',
    page.url().includes(`departement=${departement}`) && opening.split(',').length === 4, opening);
  await shoot(page, 'zoom-whole-1440');
  await page.getByRole('link', { name: '7 jours' }).click();
  check('a period is chosen on the map', page.url().includes('jours=7'), page.url());
  await page.goto('about:blank');
  await page.goto(`${base}carte#lieu=10/${lat}/${lon}`);
  await ready(page);
  await page.waitForTimeout(500);
  await shoot(page, 'zoom-communes-1440');
  const box = await page.locator('#carte canvas').boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  const told = await page.locator('#lieu').innerText();
  check('a commune that is clicked is told with its figure', /: .*(Mbit\/s|insuffisantes|non mesuré)/.test(told), told);
  await page.locator('#carte canvas').focus();
  await page.keyboard.press('ArrowRight');
  await page.waitForTimeout(800);
  await page.keyboard.press('Enter');
  check('a commune is chosen by the keyboard', (await page.locator('#lieu a').count()) === 1, await page.locator('#lieu').innerText());
  // What is drawn is no single colour: communes have classes and patterns.
  const colours = await page.locator('#carte canvas').screenshot();
  check('something is drawn', colours.length > 20_000, colours.length);
  await page.locator('#lieu a').click();
  check('its page is one step away', /\/commune\/\w{5}$/.test(page.url()), page.url());
  await page.context().close();

  for (const [width, scheme, language] of [[360, 'light', ''], [1440, 'dark', '?lang=en&indicateur=coupures']]) {
    const seen = await open(width, { colorScheme: scheme, bypassCSP: true });
    await seen.goto(`${base}carte${language}#lieu=9/${lat}/${lon}`);
    await ready(seen);
    await seen.evaluate(axeSource);
    const { violations } = await seen.evaluate(() => window.axe.run());
    for (const { id, impact, nodes } of violations) report.axe.push({ width, id, impact, node: nodes[0]?.html.slice(0, 160) });
    const over = await seen.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    check(`the map fits ${width} pixels`, over <= 0, over);
    await shoot(seen, `zoom-${width}-${scheme}`);
    await seen.context().close();
  }
} catch (error) {
  check('the reader came to the end', false, String(error));
} finally {
  await browser.close();
}
check('axe-core finds nothing', report.axe.length === 0, report.axe);
check('no request leaves the origin', report.foreign.length === 0, report.foreign);
check('the console is clean', report.console.length === 0, report.console);
check('tiles came', report.tiles >= 2, report.tiles);
console.log(JSON.stringify(report, null, 2));
process.exitCode = report.checks.every(({ held }) => held) ? 0 : 1;
