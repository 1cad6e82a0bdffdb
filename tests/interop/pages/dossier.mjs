// Somebody asks for a commune's dossier, follows its making without script, and downloads it; axe-core looks at each state of the page.
//
// node dossier.mjs BASE-URL COMMUNE-CODE COMMUNE-WITHOUT-PUBLIC-BUILDING FOLDER [SCREENSHOTS-FOLDER] [CHROMIUM]
//
// Puts dossier.pdf and dossier.zip into FOLDER, prints a report as JSON. Exit code 0 when everything held, 1 otherwise, 64 for wrong words.

import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [base, commune, refused, folder, screenshots, executablePath = '/usr/bin/chromium'] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node dossier.mjs BASE-URL COMMUNE-CODE COMMUNE-WITHOUT-PUBLIC-BUILDING FOLDER [SCREENSHOTS-FOLDER] [CHROMIUM]');
  process.exit(64);
}
// Longest time to wait for a dossier of the demonstration, on a machine that does other things.
const PATIENCE_MS = 300_000;
const axeSource = await readFile(
  join(dirname(fileURLToPath(import.meta.url)), 'node_modules/axe-core/axe.min.js'), 'utf8');
const report = { checks: [], axe: [], steps: [] };
const check = (what, held, seen) => report.checks.push({ what, held: Boolean(held), ...(held ? {} : { seen }) });

const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
});

async function look(address, name) {
  for (const width of [360, 1440]) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, bypassCSP: true });
    const page = await context.newPage();
    await page.goto(address);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    check(`${name} fits ${width} pixels`, wide <= 0, wide);
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(() => window.axe.run());
    report.axe.push(...violations.map(({ id, nodes }) => ({ name, width, id, node: nodes[0]?.html.slice(0, 160) })));
    if (screenshots) {
      await mkdir(screenshots, { recursive: true });
      await page.screenshot({ path: join(screenshots, `dossier-${name}-${width}.png`), fullPage: true });
    }
    await context.close();
  }
}

// Asks for the last month, and follows by the link that anyone can follow; gives what is told in the end.
async function ask(page, code) {
  await page.goto(`${base}commune/${code}`);
  await page.getByRole('link', { name: 'Demander le dossier de cette commune' }).click();
  await page.getByRole('button', { name: 'Demander le dossier' }).click();
  const begun = Date.now();
  for (;;) {
    const told = await page.getByRole('status').innerText();
    if (report.steps.at(-1) !== told) report.steps.push(told);
    const again = page.getByRole('link', { name: 'Actualiser', exact: true });
    if ((await again.count()) === 0) return told;
    if (Date.now() - begun > PATIENCE_MS) throw new Error(`still: ${told}`);
    await page.waitForTimeout(500);
    await again.click();
  }
}

try {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, javaScriptEnabled: false });
  const page = await context.newPage();
  await look(`${base}commune/${commune}/dossier`, 'ask');
  const told = await ask(page, commune);
  check('the dossier is ready', told === 'Il est prêt.', told);
  check('its making was followed', report.steps.length >= 2, report.steps);
  check('the page no longer asks for itself again', (await page.getByText('actualisation automatique').count()) === 0, page.url());
  for (const [name, file] of [['Le dossier (PDF)', 'dossier.pdf'], ['Le fichier joint (ZIP)', 'dossier.zip']]) {
    const coming = page.waitForEvent('download');
    await page.getByRole('link', { name }).click();
    const download = await coming;
    check(`${file} has a name that tells the commune`, download.suggestedFilename().includes(commune), download.suggestedFilename());
    await download.saveAs(join(folder, file));
  }
  await look(page.url(), 'ready');
  const again = Date.now();
  check('the same request is the same dossier', (await ask(page, commune)) === 'Il est prêt.' && Date.now() - again < 20_000, Date.now() - again);
  const reason = await ask(page, refused);
  check('a commune without a public building is told why', /particuliers ne sont jamais publiés/.test(reason), reason);
  await look(page.url(), 'refused');
  await context.close();
} catch (error) {
  check('the reader came to the end', false, String(error));
} finally {
  await browser.close();
}
check('axe-core finds nothing', report.axe.length === 0, report.axe.length);
console.log(JSON.stringify(report, null, 2));
process.exitCode = report.checks.every(({ held }) => held) ? 0 : 1;
