// How soon a page shows something on the line that this runs behind.
//
// node timing.mjs BASE-URL PATH... ; prints {path: {first_content_ms, complete_ms, octets}} as JSON. CHROMIUM names the browser.

import { chromium } from 'playwright-core';

const [base, ...paths] = process.argv.slice(2);
if (paths.length === 0) {
  console.error('usage: node timing.mjs BASE-URL PATH...');
  process.exit(64);
}
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
});
const seen = {};
try {
  for (const path of paths) {
    // A new context has an empty cache: a reader who was never here.
    const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
    const page = await context.newPage();
    await page.goto(new URL(path, base).href, { waitUntil: 'load' });
    seen[path] = await page.evaluate(async () => {
      const painted = await new Promise((resolve) => {
        const now = performance.getEntriesByName('first-contentful-paint')[0];
        if (now) resolve(now);
        else new PerformanceObserver((list, observer) => {
          const first = list.getEntriesByName('first-contentful-paint')[0];
          if (first) { observer.disconnect(); resolve(first); }
        }).observe({ type: 'paint', buffered: true });
      });
      const [navigation] = performance.getEntriesByType('navigation');
      const all = [navigation, ...performance.getEntriesByType('resource')];
      return {
        first_content_ms: painted.startTime,
        complete_ms: navigation.loadEventStart,
        octets: all.reduce((sum, { transferSize }) => sum + transferSize, 0),
      };
    });
    await context.close();
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen, null, 2));
