// The page on which a reader has pages kept on this device, sees which, and erases them.
const PAGES_CACHE = 'desserte-pages-1';
const part = (id) => document.getElementById(id);
const root = part('hors-ligne');
const words = root.dataset;
const locale = document.documentElement.lang === 'en' ? 'en-GB' : 'fr-FR';

part('sans-script').hidden = true;
root.hidden = false;
// The service worker gives this page in the place of one that is not kept.
part('absente').hidden = location.pathname === '/hors-ligne';

// Only pages served over TLS, or by this machine itself, may keep anything.
const able = 'serviceWorker' in navigator && 'caches' in window;
const say = (text) => { part('etat').textContent = text; };

async function list() {
  const cache = await caches.open(PAGES_CACHE);
  const rows = [];
  for (const { url } of (await cache.keys()).reverse()) {
    const copy = await cache.match(url);
    if (!copy) continue;
    const { title } = new DOMParser().parseFromString(await copy.text(), 'text/html');
    const sent = new Date(copy.headers.get('date') ?? NaN);
    const link = document.createElement('a');
    link.href = url;
    link.textContent = title.replace(/ – Desserte$/, '');
    const name = document.createElement('th');
    name.scope = 'row';
    name.append(link);
    const date = document.createElement('td');
    date.textContent = Number.isNaN(sent.getTime())
      ? words.inconnue : sent.toLocaleString(locale, { dateStyle: 'long', timeStyle: 'short' });
    const row = document.createElement('tr');
    row.append(name, date);
    rows.push(row);
  }
  part('copies').tBodies[0].replaceChildren(...rows);
  part('copies').hidden = rows.length === 0;
  part('aucune').hidden = rows.length > 0;
}

async function show() {
  const kept = Boolean(await navigator.serviceWorker.getRegistration('/'));
  part('garder').hidden = kept;
  part('effacer').hidden = !kept;
  say(kept ? words.garde : words.rien);
  await list();
}

part('garder').addEventListener('click', async () => {
  try {
    await navigator.serviceWorker.register('/service-worker.js', { scope: '/' });
    await navigator.serviceWorker.ready;
    await show();
  } catch (error) {
    say(`${words.echec} (${error.message})`);
  }
});

part('effacer').addEventListener('click', async () => {
  const registrations = await navigator.serviceWorker.getRegistrations();
  await Promise.all(registrations.map((registration) => registration.unregister()));
  const own = (await caches.keys()).filter((name) => name.startsWith('desserte-'));
  await Promise.all(own.map((name) => caches.delete(name)));
  await show();
  say(words.efface);
});

if (able) await show();
else say(words.impossible);
