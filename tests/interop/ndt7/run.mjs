// Runs the unmodified @m-lab/ndt7 client in headless Chromium against one server and prints what it reports as JSON.
//
// node run.mjs ws|wss HOST:PORT|LOCATE-URL [CHROMIUM]
//
// With the address of a locating service (http://HOST:PORT/v2/nearest/ndt/ndt7) the client asks that for a server.
//
// Exit code 0 when the client completed both directions, 1 otherwise, 64 for wrong words. Certificates are not checked:
// what is tested is the protocol, and the server's certificate is made for the test.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [protocol, server, executablePath = '/usr/bin/chromium'] = process.argv.slice(2);
if (!['ws', 'wss'].includes(protocol) || !server) {
  console.error('usage: node run.mjs ws|wss HOST:PORT|LOCATE-URL [CHROMIUM]');
  process.exit(64);
}

const client = join(dirname(fileURLToPath(import.meta.url)), 'node_modules/@m-lab/ndt7/src');
const page = '<!doctype html><title>ndt7</title><script src="/ndt7.js"></script>';
const scripts = ['/ndt7.js', '/ndt7-download-worker.js', '/ndt7-upload-worker.js'];

const pages = createServer(async (request, response) => {
  if (request.url === '/') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(page);
  } else if (scripts.includes(request.url)) {
    response.writeHead(200, { 'content-type': 'text/javascript' }).end(await readFile(join(client, request.url)));
  } else {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => pages.listen(0, '127.0.0.1', resolve));

const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--ignore-certificate-errors'],
});
try {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const tab = await context.newPage();
  await tab.goto(`http://127.0.0.1:${pages.address().port}/`);
  const result = await tab.evaluate(async ({ protocol, server }) => {
    const seen = { download: { client: 0, server: 0 }, upload: { client: 0, server: 0 } };
    const errors = [];
    const last = {};
    const count = (direction) => ({ Source }) => { seen[direction][Source] += 1; };
    const where = server.includes('://') ? { loadbalancer: server } : { server };
    const code = await window.ndt7.test(
      { ...where, protocol, mlabDataPolicyInapplicable: true, metadata: { client_name: 'desserte-interop' } },
      {
        error: (error) => errors.push(String(error)),
        serverChosen: (chosen) => { last.chosen = chosen.machine; },
        downloadMeasurement: count('download'),
        uploadMeasurement: count('upload'),
        downloadComplete: (complete) => { last.download = complete; },
        uploadComplete: (complete) => { last.upload = complete; },
      },
    );
    return { code, errors, measurements: seen, last };
  }, { protocol, server });
  console.log(JSON.stringify({ protocol, server, browser: browser.version(), ...result }, null, 2));
  const complete = result.code === 0 && result.errors.length === 0 && result.last.download && result.last.upload;
  process.exitCode = complete ? 0 : 1;
} finally {
  await browser.close();
  pages.close();
}
