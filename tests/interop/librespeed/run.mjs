// Drives LibreSpeed's addresses of servers from headless Chromium and prints what was met as a JSON array, row by row.
//
// node run.mjs '[{"scheme":"http","server":"127.0.0.1:8080","base":"backend/","suffix":".php","streams":3,"cors":false}]'
//
// LibreSpeed's own web worker is published as source only. With "worker": "/path/to/speedtest_worker.js" it is used,
// unmodified; without, client.js beside this file asks the same of the server through the same browser.
// Exit code 0 when both directions, latency and address worked in every row, 1 otherwise. Certificates are not checked.

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const rows = JSON.parse(process.argv[2]);
const usual = { scheme: 'http', base: 'backend/', suffix: '', streams: 3, cors: false, seconds: 1, blobMib: 20 };
const client = await readFile(join(dirname(fileURLToPath(import.meta.url)), 'client.js'), 'utf8');
const files = { '/': '<!doctype html><title>LibreSpeed</title><script src="/client.js"></script>', '/client.js': client };

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--ignore-certificate-errors',
    // The other origin is made up; asking from a public name for a local address needs leave that nobody can give here.
    '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests',
  ],
});

async function run(options) {
  const origin = `${options.scheme}://${options.server}`;
  // A page of the server's own origin, which the server itself does not have, or of another one.
  const page = options.cors ? 'http://another.example' : origin;
  const worker = options.worker && await readFile(options.worker, 'utf8');
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  for (const [path, body] of Object.entries(files)) {
    const contentType = path === '/' ? 'text/html' : 'text/javascript';
    await context.route(`${page}${path}`, (route) => route.fulfill({ contentType, body }));
  }
  const tab = await context.newPage();
  await tab.goto(`${page}/`);
  // While anything is routed, the tool holds the bodies of all requests back.
  await context.unrouteAll();
  const base = `${origin}/${options.base}`;
  let report;
  if (worker) {
    report = await tab.evaluate(async ({ worker: text, base, suffix, streams, seconds, cors }) => {
      const worker = new Worker(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })));
      const settings = {
        url_dl: `${base}garbage${suffix}`, url_ul: `${base}empty${suffix}`, url_ping: `${base}empty${suffix}`,
        url_getIp: `${base}getIP${suffix}`, url_telemetry: `${base}results/telemetry${suffix}`, telemetry_level: 'basic',
        xhr_dlMultistream: streams, xhr_ulMultistream: streams, mpot: cors, xhr_ignoreErrors: 0,
        time_dl_max: seconds, time_ul_max: seconds, time_dlGraceTime: 0.5, time_ulGraceTime: 0.5, time_auto: false,
      };
      worker.postMessage(`start ${JSON.stringify(settings)}`);
      for (;;) {
        await new Promise((resolve) => { setTimeout(resolve, 100); });
        const status = await new Promise((resolve) => {
          worker.onmessage = (event) => resolve(JSON.parse(event.data));
          worker.postMessage('status');
        });
        if (status.testState >= 4) return status;
      }
    }, { ...options, worker, base });
    const number = (text) => Number.isFinite(Number.parseFloat(text)) && Number.parseFloat(text) > 0;
    report.complete = report.testState === 4 && report.clientIp === '127.0.0.1'
      && [report.dlStatus, report.ulStatus, report.pingStatus].every(number);
  } else {
    report = await tab.evaluate((wanted) => librespeed(wanted), { ...options, base });
    const good = ({ bytes, errors, statuses }) => bytes > 0 && errors.length === 0
      && Object.keys(statuses).every((status) => status === '200');
    report.complete = report.ip.processedString === '127.0.0.1' && report.pings.length === 10
      && good(report.download) && good(report.upload) && report.upload.finished > 0 && report.telemetry === 403;
  }
  await context.close();
  return { ...options, browser: browser.version(), ...report };
}

try {
  const reports = [];
  for (const row of rows) reports.push(await run({ ...usual, ...row }));
  console.log(JSON.stringify(reports));
  process.exitCode = reports.every((report) => report.complete) ? 0 : 1;
} finally {
  await browser.close();
}
