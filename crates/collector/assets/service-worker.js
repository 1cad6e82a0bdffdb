// Keeps the pages that a reader looks at, on the reader's device, once the reader has asked for it at /hors-ligne.
// The collector writes two lines before this file: VERSION, a hash of the shell, and SHELL, the addresses in it.
const SHELL_CACHE = `desserte-shell-${VERSION}`;
const PAGES_CACHE = 'desserte-pages-1';
// Pages are kept unpacked: Creuse without measurements is 100 kB, Pas-de-Calais with its 887 communes 243 kB; sixty of those are 15 MB.
const PAGES_MAX = 60;
// Only what is the same for everyone. Never the residents' test, its erasure, what was typed into the search, or the interface.
const KEPT = /^\/(?:$|departement\/[^/]+$|epci\/[^/]+$|commune\/[^/]+(?:\/usages)?$|comparer$|glossaire$|donnees-ouvertes$)/;
// What a proxy answers while the collector is away.
const AWAY = [502, 503, 504];

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(SHELL_CACHE);
    await cache.addAll(SHELL.map((address) => new Request(address, { cache: 'reload' })));
    await self.skipWaiting();
  })());
});

// A new version takes the place of all before it; pages that were kept stay.
self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith('desserte-shell-') && name !== SHELL_CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') event.respondWith(page(event, url));
  else if (SHELL.some((address) => address.split('?')[0] === url.pathname)) event.respondWith(asset(request));
});

async function page(event, url) {
  const kept = KEPT.test(url.pathname);
  let answer;
  try {
    answer = await fetch(event.request);
    if (kept && answer.status === 200 && !answer.redirected) event.waitUntil(keep(url.href, answer.clone()));
    if (!AWAY.includes(answer.status)) return answer;
  } catch { /* Nobody answers: what was kept is shown, or why there is nothing. */ }
  const copy = kept && (await (await caches.open(PAGES_CACHE)).match(url.href));
  if (copy) return marked(copy);
  return answer ?? (await shell(url)) ?? Response.error();
}

async function keep(address, answer) {
  const cache = await caches.open(PAGES_CACHE);
  // Put back at the end: the page that was not looked at for longest goes first.
  await cache.delete(address);
  await cache.put(address, answer);
  const addresses = await cache.keys();
  await Promise.all(addresses.slice(0, Math.max(0, addresses.length - PAGES_MAX)).map((old) => cache.delete(old)));
}

function shell(url) {
  const address = url.searchParams.get('lang') === 'en' ? '/hors-ligne?lang=en' : '/hors-ligne';
  return caches.match(address, { cacheName: SHELL_CACHE });
}

// A copy, with a mark that says so and when the collector sent it.
async function marked(copy) {
  const text = await copy.text();
  const english = /<html lang="en"/.test(text);
  const sent = new Date(copy.headers.get('date') ?? NaN);
  const date = Number.isNaN(sent.getTime())
    ? (english ? 'an unknown date' : 'date inconnue')
    : sent.toLocaleString(english ? 'en-GB' : 'fr-FR', { dateStyle: 'long', timeStyle: 'short' });
  const words = english
    ? `<strong>Read offline: state of ${date}.</strong> The collector could not be reached; figures may have changed since.`
    : `<strong>Consulté hors ligne : état du ${date}.</strong> Le collecteur n'a pas pu être joint ; les chiffres ont pu changer depuis.`;
  const headers = new Headers(copy.headers);
  // The body is kept without its compression.
  headers.delete('content-encoding');
  headers.delete('content-length');
  const main = '<main id="contenu">';
  return new Response(text.replace(main, `${main}\n<p class="banner" id="copie" role="status">${words}</p>`), { headers });
}

// Pages kept under an older version ask for an older style sheet: today's is better than none.
async function asset(request) {
  const cache = await caches.open(SHELL_CACHE);
  const own = await cache.match(request);
  if (own) return own;
  try {
    return await fetch(request);
  } catch {
    return (await cache.match(request, { ignoreSearch: true })) ?? Response.error();
  }
}
