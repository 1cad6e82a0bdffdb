// A resident's test: ndt7 download and upload against the server that the collector names, then what it means, then, only if asked
// to, the contribution. Method and limits: docs/spec/contributions.md.
'use strict';
(() => {
  const form = document.getElementById('test');
  if (!form || !('WebSocket' in window)) return;
  const words = document.getElementById('mots').dataset;
  const status = document.getElementById('etat');
  const bar = document.getElementById('avance');
  const run = document.getElementById('lancer');
  const results = document.getElementById('resultats');
  const gift = document.getElementById('don');
  const number = new Intl.NumberFormat(document.documentElement.lang, { maximumSignificantDigits: 3 });

  const PROTOCOL = 'net.measurementlab.ndt.v7';
  const LENGTH_MS = 10000;
  // A connection that stands still this long is given up.
  const SILENT_MS = 7000;
  const READING_MS = 100;
  const MESSAGE_FIRST = 8192;
  const MESSAGE_MAX = 1 << 20;

  form.hidden = false;
  document.getElementById('sans-script').hidden = true;

  const say = (text) => { status.textContent = text; };
  const octetsOf = (data) => (typeof data === 'string' ? new TextEncoder().encode(data).length : data.byteLength);

  // The server that the collector names; over TLS, unless the page itself came without.
  async function server() {
    const answer = await fetch('/v2/nearest/ndt/ndt7', { cache: 'no-store' });
    if (answer.status === 429) throw new Error(words.plusTard);
    const { results: found = [] } = answer.ok ? await answer.json() : {};
    const schemes = location.protocol === 'https:' ? ['wss'] : ['wss', 'ws'];
    for (const { urls } of found) {
      for (const scheme of schemes) {
        const [down, up] = ['download', 'upload'].map((way) => urls[`${scheme}:///ndt/v7/${way}`]);
        if (down && up) return { down, up };
      }
    }
    throw new Error(words.sansServeur);
  }

  // Opens a connection, and gives it up when nothing arrives any more.
  function connect(address, onMessage) {
    const socket = new WebSocket(address, PROTOCOL);
    socket.binaryType = 'arraybuffer';
    let silent;
    const awake = () => {
      clearTimeout(silent);
      silent = setTimeout(() => socket.close(), SILENT_MS);
    };
    const opened = new Promise((resolve, reject) => {
      socket.onopen = () => resolve(performance.now());
      socket.onerror = () => reject(new Error(words.pasDeLiaison));
    });
    const closed = new Promise((resolve) => {
      socket.onclose = () => { clearTimeout(silent); resolve(); };
    });
    awake();
    socket.onmessage = ({ data }) => { awake(); onMessage(data); };
    return { socket, opened, closed };
  }

  // What arrives here is counted here. Readings are stamped with an arrival.
  async function download(address, most) {
    const readings = [[0, 0]];
    let octets = 0, last = 0, origin = null, rtt = null;
    const query = `?client_name=desserte-page&desserte_duration_ms=${LENGTH_MS}&desserte_payload_bytes=${most}`;
    const { socket, opened, closed } = connect(address + query, (data) => {
      octets += octetsOf(data);
      last = performance.now() - origin;
      if (last * 1000 - readings[readings.length - 1][0] >= READING_MS * 1000) readings.push([Math.round(last * 1000), octets]);
      if (typeof data === 'string') {
        try {
          const least = JSON.parse(data).TCPInfo?.MinRTT;
          if (least > 0) rtt = least;
        } catch { /* a text that is no measurement still counts as octets */ }
      }
      bar.value = Math.max(last / LENGTH_MS, octets / most) * 50;
      // A server of another make keeps no plan.
      if (last > LENGTH_MS || octets >= most) socket.close();
    });
    origin = await opened;
    await closed;
    if (Math.round(last * 1000) > readings[readings.length - 1][0]) readings.push([Math.round(last * 1000), octets]);
    return { readings, rtt };
  }

  // What arrives at the server is counted there; it tells its readings while the upload goes on.
  async function upload(address, most) {
    let readings = [[0, 0]], done = false;
    const { socket, opened, closed } = connect(`${address}?client_name=desserte-page`, (data) => {
      if (typeof data !== 'string') return;
      let told;
      try { told = JSON.parse(data); } catch { return; }
      const own = told.Desserte?.Readings;
      // A server of another make tells its counter alone.
      const other = told.AppInfo?.NumBytes > 0 ? [[told.AppInfo.ElapsedTime, told.AppInfo.NumBytes]] : [];
      for (const reading of own ?? other) {
        if (reading[0] > readings[readings.length - 1][0]) readings.push(reading);
      }
      if (told.Desserte?.Last) done = true;
    });
    const origin = await opened;
    let sent = 0, message = new Uint8Array(MESSAGE_FIRST);
    crypto.getRandomValues(message);
    await new Promise((resolve) => {
      const fill = () => {
        const age = performance.now() - origin;
        if (socket.readyState !== WebSocket.OPEN || age > LENGTH_MS || sent + message.length > most) return resolve();
        // Little is kept unsent, so that what is counted is the line and not this program's memory.
        while (socket.bufferedAmount < 2 * message.length && sent + message.length <= most) {
          socket.send(message);
          sent += message.length;
          if (message.length < MESSAGE_MAX && message.length * 16 <= sent) {
            const longer = new Uint8Array(message.length * 2);
            longer.set(message);
            longer.set(message, message.length);
            message = longer;
          }
        }
        bar.value = 50 + Math.max(age / LENGTH_MS, sent / most) * 50;
        setTimeout(fill, 0);
      };
      fill();
    });
    // What is under way still arrives and is counted; the server ends the connection, or falls silent.
    const until = performance.now() + SILENT_MS;
    const counted = () => readings[readings.length - 1][1];
    await Promise.race([closed, new Promise((resolve) => {
      const look = () => (done || counted() >= sent || performance.now() > until ? resolve() : setTimeout(look, 50));
      look();
    })]);
    socket.close();
    // Readings of the silence after the last octet belong to no run.
    while (readings.length > 1 && counted() === readings[readings.length - 2][1]) readings = readings.slice(0, -1);
    return { readings };
  }

  // Octets over time after the ramp: two seconds, or a fifth of a shorter run. Bits per second; null with too few readings.
  function rate(readings) {
    const last = readings[readings.length - 1];
    const ramp = Math.min(2e6, last[0] / 5);
    const first = readings.find(([us]) => us >= ramp);
    return first && last[0] > first[0] ? (last[1] - first[1]) * 8e6 / (last[0] - first[0]) : null;
  }

  const megabits = (bits) => (bits === null ? words.inconnu : `${number.format(bits / 1e6)}\u00a0Mbit/s`);

  function tell(down, up, rtt, octets) {
    document.getElementById('descendant').textContent = megabits(down);
    document.getElementById('montant').textContent = megabits(up);
    document.getElementById('aller-retour').textContent = rtt === null ? words.inconnu : `${number.format(rtt / 1000)}\u00a0ms`;
    document.getElementById('volume').textContent = `${number.format(octets / 1e6)}\u00a0${words.megaoctets}`;
    for (const row of document.querySelectorAll('#usages tr[data-usage]')) {
      const { down: needDown, up: needUp, rtt: needRtt } = row.dataset;
      const lacks = [
        [needDown, down === null ? null : down / 1e6 >= needDown, words.descendant],
        [needUp, up === null ? null : up / 1e6 >= needUp, words.montant],
        [needRtt, rtt === null ? null : rtt / 1000 <= needRtt, words.delai],
      ].filter(([need]) => need);
      const failed = lacks.filter(([, held]) => held === false).map(([, , what]) => what);
      const cell = row.querySelector('.dit');
      if (failed.length) cell.textContent = `${words.non} ${failed.join(', ')}.`;
      else cell.textContent = lacks.some(([, held]) => held === null) ? words.inconnu : words.oui;
    }
    results.hidden = false;
    results.focus();
  }

  let given = null;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const most = Number(new FormData(form).get('volume'));
    run.disabled = true;
    results.hidden = true;
    if (gift) gift.hidden = true;
    bar.value = 0;
    bar.hidden = false;
    try {
      say(words.cherche);
      const addresses = await server();
      say(words.enDescente);
      const down = await download(addresses.down, most);
      say(words.enMontee);
      const up = await upload(addresses.up, most);
      given = { download: { readings: down.readings }, upload: { readings: up.readings }, rtt_us: down.rtt };
      const octets = [down, up].reduce((sum, { readings }) => sum + readings[readings.length - 1][1], 0);
      say(words.fini);
      tell(rate(down.readings), rate(up.readings), down.rtt, octets);
      if (gift) gift.hidden = false;
    } catch (error) {
      say(error.message || words.pasDeLiaison);
    } finally {
      bar.hidden = true;
      run.disabled = false;
    }
  });

  const KEPT = 'desserte-code';
  const kept = () => { try { return localStorage.getItem(KEPT); } catch { return null; } };
  gift?.addEventListener('submit', async (event) => {
    event.preventDefault();
    const asked = new FormData(gift);
    const told = document.getElementById('merci');
    const button = gift.querySelector('button');
    button.disabled = true;
    try {
      const answer = await fetch('/api/v1/contributions', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          consent: asked.get('accord') === 'oui', commune: asked.get('commune'), medium: asked.get('lien'), code: kept(), ...given,
        }),
      });
      if (answer.status === 429) throw new Error(words.plusTard);
      if (!answer.ok) throw new Error(words.refuse);
      const { code } = await answer.json();
      try { localStorage.setItem(KEPT, code); } catch { /* then the code is the reader's to keep */ }
      told.textContent = words.merci;
      document.getElementById('code').textContent = code;
      document.getElementById('code-donne').hidden = false;
      given = null;
    } catch (error) {
      told.textContent = error.message;
      button.disabled = false;
    }
    told.focus();
  });
})();
