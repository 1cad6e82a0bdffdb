// What a reader does with the pages, in headless Chromium, and what axe-core says of them.
//
// node run.mjs BASE-URL DEPARTEMENT COMMUNE-CODE OTHER-CODE [SCREENSHOTS-FOLDER] [CHROMIUM]
//
// Prints a report as JSON. Exit code 0 when everything held, 1 otherwise, 64 for wrong words.

import { readFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [base, departement, commune, other, screenshots, executablePath = '/usr/bin/chromium'] = process.argv.slice(2);
if (!other) {
  console.error('usage: node run.mjs BASE-URL DEPARTEMENT COMMUNE-CODE OTHER-CODE [SCREENSHOTS-FOLDER] [CHROMIUM]');
  process.exit(64);
}
const origin = new URL(base).origin;
const axeSource = await readFile(
  join(dirname(fileURLToPath(import.meta.url)), 'node_modules/axe-core/axe.min.js'), 'utf8');
const report = { checks: [], axe: [], foreign: [], console: [], weights: {} };
const check = (what, held, seen) => report.checks.push({ what, held: Boolean(held), ...(held ? {} : { seen }) });

const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
});

// A page that notes what it loads and says. Scripts are off but where axe needs to run: the pages themselves have none.
async function open(context) {
  const page = await context.newPage();
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith('data:') && new URL(url).origin !== origin) report.foreign.push(url);
  });
  page.on('console', (message) => report.console.push(`${page.url()}: ${message.text()}`));
  page.on('pageerror', (error) => report.console.push(`${page.url()}: ${error}`));
  return page;
}

const addresses = [
  '/',
  `/departement/${departement}`,
  `/departement/${departement}?indicateur=coupures`,
  `/commune/${commune}`,
  `/commune/${commune}/usages`,
  `/comparer?a=${commune}&b=${other}`,
  '/recherche?q=e',
  '/glossaire',
  '/donnees-ouvertes',
  '/nulle-part',
];
const inEnglish = (address) => address + (address.includes('?') ? '&' : '?') + 'lang=en';

try {
  // What a reader does, without script.
  const reader = await browser.newContext({ viewport: { width: 360, height: 740 }, javaScriptEnabled: false });
  const page = await open(reader);
  await page.goto(base);
  await page.getByRole('searchbox').fill(commune);
  await page.getByRole('button', { name: 'Chercher' }).click();
  check('a commune is found by its code', page.url() === `${origin}/commune/${commune}`, page.url());
  const name = (await page.locator('h1').innerText()).replace(/\s*\(.*/, '');
  check('the table twin of the map around has links',
    (await page.locator('.nearby table a').count()) >= 1, await page.locator('.nearby').count());
  await page.getByRole('link', { name: 'Comparer avec une autre commune' }).click();
  check('the first place is filled in', (await page.getByLabel('Premier lieu').inputValue()) === commune, page.url());
  await page.getByLabel('Second lieu').fill(other);
  await page.getByRole('button', { name: 'Comparer' }).click();
  const verdicts = await page.locator('.verdict').allInnerTexts();
  check('a comparison gives a verdict for each direction',
    verdicts.length === 2 && verdicts.every((text) => /plus élevé|Ex æquo|insuffisantes/.test(text)), verdicts);
  await page.getByRole('link', { name: 'English' }).click();
  check('the language switches and the comparison stays',
    (await page.locator('html').getAttribute('lang')) === 'en' && (await page.locator('.verdict').count()) === 2, page.url());

  await page.goto(`${base}departement/${departement}`);
  await page.getByRole('link', { name: 'Coupures' }).click();
  check('an indicator is chosen', page.url().includes('indicateur=coupures'), page.url());
  await page.getByRole('link', { name: '7 jours' }).click();
  check('a period is chosen and the indicator stays',
    page.url().includes('jours=7') && page.url().includes('indicateur=coupures'), page.url());
  const shapes = await page.locator('.map figure svg a').count();
  const rows = await page.locator('#tableau tbody tr').count();
  check('every commune of the map is a link, and the measured ones are in the table', shapes > rows && rows >= 1, [shapes, rows]);

  // The intercommunality and the zoning that come first, where the territory has any.
  await page.goto(`${base}departement/${departement}`);
  for (const kind of ['/epci/', `/departement/${departement}?zonage=`]) {
    const first = page.locator(`main a[href^="${kind}"]`).first();
    if (await first.count()) addresses.push(await first.getAttribute('href'));
  }

  // The keyboard alone: the skip link, then the table.
  await page.goto(`${base}departement/${departement}`);
  await page.keyboard.press('Tab');
  check('the first stop of the keyboard skips to the content',
    (await page.locator(':focus').getAttribute('href')) === '#contenu', await page.locator(':focus').innerText());
  await page.locator('a[href="#tableau"]').focus();
  await page.keyboard.press('Enter');
  check('the map can be skipped', page.url().endsWith('#tableau'), page.url());

  // A permanent link gives the same content later, in both languages.
  for (const address of [`commune/${commune}`, `departement/${departement}?indicateur=coupures`]) {
    await page.goto(base + address);
    const told = await page.locator('main table').first().innerText();
    await page.getByRole('button', { name: 'Garder ces chiffres' }).click();
    check(`${address} is kept under a link that says so`,
      page.url().includes('empreinte=') && (await page.locator('.edition').innerText()).includes('Chiffres gardés'), page.url());
    check('it tells the same figures', (await page.locator('main table').first().innerText()) === told, told);
    addresses.push(page.url().slice(origin.length));
    await page.getByRole('link', { name: 'English' }).click();
    check('the kept page has its other language',
      (await page.locator('html').getAttribute('lang')) === 'en' && (await page.locator('.edition').innerText()).includes('Figures kept'), page.url());
  }
  await page.goto(`${base}commune/${commune}`);

  // Paper.
  await page.emulateMedia({ media: 'print' });
  check('forms are not printed', !(await page.locator('.search').isVisible()), 'visible');
  const pdf = await page.pdf({ format: 'A4' });
  check('the page prints', pdf.length > 5_000 && pdf.subarray(0, 5).toString() === '%PDF-', pdf.length);
  await reader.close();

  // axe-core on every page, in both languages, from the narrowest width to a wide one, light and dark.
  for (const [width, scheme, own] of [
    [320, 'light', (address) => address], [360, 'dark', inEnglish], [1440, 'light', (address) => address],
  ]) {
    // axe has to be let in past the pages' policy, which allows no script.
    const context = await browser.newContext({
      viewport: { width, height: 900 }, colorScheme: scheme, bypassCSP: true, reducedMotion: 'reduce',
    });
    const checked = await open(context);
    for (const address of addresses.map(own)) {
      await checked.goto(origin + address);
      const scripts = await checked.locator('script').count();
      const wide = await checked.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (wide > 0) check(`${address} fits ${width} pixels`, false, wide);
      if (scripts > 0) check(`${address} can be read without script`, false, scripts);
      await checked.evaluate(axeSource);
      const { violations } = await checked.evaluate(() => window.axe.run());
      for (const violation of violations) {
        report.axe.push({
          address, width, scheme, impact: violation.impact, id: violation.id, node: violation.nodes[0]?.html.slice(0, 160),
        });
      }
      if (screenshots) {
        await mkdir(screenshots, { recursive: true });
        const file = `${address.replace(/[^a-z0-9]+/gi, '_')}-${width}.png`;
        await checked.screenshot({ path: join(screenshots, file), fullPage: true });
      }
    }
    await context.close();
  }

  // What a page weighs on the wire, everything it loads included.
  for (const address of addresses.filter((one) => one !== '/nulle-part')) {
    const context = await browser.newContext();
    const weighed = await open(context);
    const session = await context.newCDPSession(weighed);
    await session.send('Network.enable');
    let octets = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => { octets += encodedDataLength; });
    await weighed.goto(origin + address, { waitUntil: 'networkidle' });
    report.weights[address] = octets;
    check(`${address} weighs 60 kB at most`, octets > 0 && octets <= 60_000, octets);
    await context.close();
  }
} catch (error) {
  check('the reader came to the end', false, String(error));
} finally {
  await browser.close();
}
// A page that is not there is said so by the browser itself.
report.console = report.console.filter((line) => !(line.includes('/nulle-part') && line.includes('404')));
check('axe-core finds nothing', report.axe.length === 0, report.axe.length);
check('no request leaves the origin', report.foreign.length === 0, report.foreign);
check('the console is clean', report.console.length === 0, report.console);
console.log(JSON.stringify(report, null, 2));
process.exitCode = report.checks.every(({ held }) => held) ? 0 : 1;
