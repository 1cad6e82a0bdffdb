// What LibreSpeed's web client does with a server, in words of our own: a browser's XMLHttpRequest, six downloads or three
// uploads at once, each starting again as it ends. It measures nothing that anyone would publish; it says what it met.

const MIB = 1 << 20;

function request({ method, url, body, headers = {}, onProgress, onUpload, type = 'text' }) {
  const xhr = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    xhr.onload = () => resolve(xhr);
    xhr.onerror = () => reject(new Error(`${method} ${url} failed`));
    xhr.onabort = () => resolve(null);
  });
  xhr.open(method, url);
  xhr.responseType = type;
  for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
  if (onProgress) xhr.onprogress = onProgress;
  if (onUpload) xhr.upload.onprogress = onUpload;
  xhr.send(body);
  return { xhr, done };
}

// Runs `streams` requests at once, each again as it ends, for `seconds`; gives back octets seen and requests that ended.
async function load(streams, seconds, start) {
  const until = performance.now() + 1000 * seconds;
  const seen = { bytes: 0, finished: 0, statuses: {}, errors: [] };
  const stream = async () => {
    while (performance.now() < until) {
      let before = 0;
      const progress = (event) => { seen.bytes += event.loaded - before; before = event.loaded; };
      const { xhr, done } = start(progress);
      const timer = setTimeout(() => xhr.abort(), until - performance.now());
      try {
        const ended = await done;
        if (ended) {
          seen.finished += 1;
          seen.statuses[ended.status] = (seen.statuses[ended.status] ?? 0) + 1;
        }
      } catch (error) {
        seen.errors.push(String(error));
        return;
      } finally {
        clearTimeout(timer);
      }
    }
  };
  await Promise.all(Array.from({ length: streams }, stream));
  return seen;
}

async function librespeed({ base, suffix, streams, seconds, cors, blobMib }) {
  const address = (name, query = '') => {
    const asked = [cors ? 'cors=true' : '', query, `r=${Math.random()}`].filter(Boolean).join('&');
    return `${base}${name}${suffix}?${asked}`;
  };
  const ip = await request({ method: 'GET', url: address('getIP', 'isp=true&distance=km') }).done;
  const pings = [];
  for (let i = 0; i < 10; i += 1) {
    const begun = performance.now();
    const pong = await request({ method: 'GET', url: address('empty') }).done;
    if (pong.status === 200 && pong.responseText === '') pings.push(performance.now() - begun);
  }
  const download = await load(streams, seconds, (progress) =>
    request({ method: 'GET', url: address('garbage', 'ckSize=100'), type: 'arraybuffer', onProgress: progress }));
  const blob = new Blob(Array.from({ length: blobMib }, () => crypto.getRandomValues(new Uint8Array(65536))).flatMap((part) => Array(16).fill(part)));
  if (blob.size !== blobMib * MIB) throw new Error('a blob of another size');
  const headers = { 'Content-Encoding': 'identity' };
  const upload = await load(streams, seconds, (progress) =>
    request({ method: 'POST', url: address('empty'), body: blob, headers, onUpload: progress }));
  const form = new FormData();
  form.append('dl', '1');
  const telemetry = await request({ method: 'POST', url: address('results/telemetry'), body: form }).done;
  return { ip: JSON.parse(ip.responseText), pings, download, upload, telemetry: telemetry.status };
}
