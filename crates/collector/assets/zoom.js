// The zoomable map: tiles, figures and library from the collector itself. Colours and patterns are those of the drawn maps.
const root = document.getElementById('carte');
const data = root.dataset;
const place = document.getElementById('lieu');
const CLASSES = ['d1', 'd2', 'd3', 'd4', 'o0', 'o1', 'o2', 'o3', 'o4', 'few', 'none'];
const [first, last] = data.zooms.split(',').map(Number);
const [bounds, opening] = [data.etendue, data.ouverture].map((degrees) => degrees.split(',').map(Number));
const own = (path) => new URL(path, location.href).href;

const { Map: GlMap, NavigationControl, ScaleControl, setWorkerUrl } = await import(`/assets/maplibre/${data.empreinte}/maplibre-gl.mjs`);
setWorkerUrl(own(`/assets/maplibre/${data.empreinte}/maplibre-gl-worker.mjs`));

const styles = getComputedStyle(document.documentElement);
const colour = (name) => styles.getPropertyValue(`--${name}`).trim();

// A square of a class's pattern, twice as fine as it is shown.
function pattern(name) {
  const side = name === 'd3' || name === 'o1' ? 14 : name === 'few' || name === 'none' ? 10 : 12;
  const scale = 4;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = side * scale;
  const pen = canvas.getContext('2d');
  pen.scale(scale, scale);
  pen.fillStyle = colour(name);
  pen.fillRect(0, 0, side, side);
  pen.strokeStyle = name === 'none' ? colour('none-line') : colour('pattern');
  pen.lineWidth = 1.2;
  const line = (...points) => { pen.beginPath(); for (const [x, y, X, Y] of points) { pen.moveTo(x, y); pen.lineTo(X, Y); } pen.stroke(); };
  const rising = [-side / 4, side / 4, side / 4, -side / 4];
  const rise = [[0, side, side, 0], rising, [side * 0.75, side * 1.25, side * 1.25, side * 0.75]];
  const dot = (x, y, radius, ink) => { pen.fillStyle = ink; pen.beginPath(); pen.arc(x, y, radius, 0, 2 * Math.PI); pen.fill(); };
  if (name === 'd1' || name === 'o4') line([0, 0, side, side], [side, 0, 0, side]);
  else if (name === 'd2' || name === 'o3' || name === 'none') line(...rise);
  else if (name === 'd3' || name === 'o1') dot(7, 7, 1.6, colour('pattern'));
  else if (name === 'o2') line([0, side / 2, side, side / 2]);
  else if (name === 'few') dot(5, 5, 2, colour('few-dot'));
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

// A zone's sign, as in the legend, on nothing: it lies over the class of the figure.
const signs = new Map([...document.querySelectorAll('[data-signe]')].map((path) => [`z-${path.dataset.signe}`, path.getAttribute('d')]));
function sign(name) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 72;
  const pen = canvas.getContext('2d');
  for (const [ink, width] of [['sign-halo', 11], ['sign', 4]]) {
    pen.strokeStyle = colour(ink);
    pen.lineWidth = width;
    pen.stroke(new Path2D(signs.get(name)));
  }
  return pen.getImageData(0, 0, 72, 72);
}

root.hidden = false;
document.getElementById('sans-script').hidden = true;
const map = new GlMap({
  container: root,
  bounds: [[opening[0], opening[1]], [opening[2], opening[3]]],
  fitBoundsOptions: { padding: 8 },
  maxZoom: 14,
  attributionControl: false,
  dragRotate: false,
  pitchWithRotate: false,
  hash: 'lieu',
  locale: { 'Map.Title': data.titre },
  fadeDuration: 0,
  style: {
    version: 8,
    sources: {
      territoire: { type: 'vector', tiles: [own(`/tuiles/${data.empreinte}/`) + '{z}/{x}/{y}'], minzoom: first, maxzoom: last, bounds },
    },
    layers: [
      { id: 'fond', type: 'background', paint: { 'background-color': colour('paper') } },
      { id: 'departements', type: 'fill', source: 'territoire', 'source-layer': 'departements', paint: { 'fill-color': colour('panel') } },
      { id: 'communes', type: 'fill', source: 'territoire', 'source-layer': 'communes', paint: { 'fill-pattern': 'none' } },
      { id: 'bords', type: 'line', source: 'territoire', 'source-layer': 'communes', minzoom: 8,
        paint: { 'line-color': colour('none-edge'), 'line-width': 1 } },
      { id: 'limites', type: 'line', source: 'territoire', 'source-layer': 'departements',
        paint: { 'line-color': colour('quiet'), 'line-width': 1.2 } },
      { id: 'choisie', type: 'line', source: 'territoire', 'source-layer': 'communes', filter: ['==', ['get', 'code'], ''],
        paint: { 'line-color': colour('ink'), 'line-width': 3 } },
    ],
  },
});
map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
map.addControl(new ScaleControl({ unit: 'metric' }));
map.touchZoomRotate.disableRotation();
map.keyboard.disableRotation();
map.setMissingStyleImageResolver((id) => {
  if (map.hasImage(id)) return;
  if (CLASSES.includes(id)) map.addImage(id, pattern(id), { pixelRatio: 2 });
  else if (signs.has(id)) map.addImage(id, sign(id), { pixelRatio: 2 });
});

// Figures of the départements in view, each asked for once.
const asked = new Map();
const figures = new Map();
const zones = new Map();
async function ask(departement) {
  asked.set(departement, true);
  const answer = await fetch(`/carte/departement/${departement}${data.question}`);
  if (!answer.ok) return asked.delete(departement);
  const told = await answer.json();
  for (const [code, figure] of Object.entries(told.communes)) figures.set(code, figure);
  for (const [code, zone] of Object.entries(told.zones)) zones.set(code, zone);
  const groups = new Map();
  for (const [code, [name]] of figures) groups.set(name, [...(groups.get(name) ?? []), code]);
  const cases = [...groups].filter(([name]) => name !== 'none').flatMap(([name, codes]) => [codes, name]);
  if (cases.length) map.setPaintProperty('communes', 'fill-pattern', ['match', ['get', 'code'], ...cases, 'none']);
  overlay();
}
function overlay() {
  const groups = new Map();
  for (const [code, [number]] of zones) if (number) groups.set(`z-${number}`, [...(groups.get(`z-${number}`) ?? []), code]);
  if (!groups.size) return;
  const filter = ['in', ['get', 'code'], ['literal', [...groups.values()].flat()]];
  const signed = ['match', ['get', 'code'], ...[...groups].flatMap(([name, codes]) => [codes, name]), [...groups.keys()][0]];
  // Only now: a page without zones has no signs, and a layer that names one would look for it.
  if (!map.getLayer('zones')) {
    const layer = { id: 'zones', type: 'fill', source: 'territoire', 'source-layer': 'communes', filter, paint: { 'fill-pattern': signed } };
    return map.addLayer(layer, 'bords');
  }
  map.setFilter('zones', filter);
  map.setPaintProperty('zones', 'fill-pattern', signed);
}
map.on('idle', async () => {
  const seen = new Set(map.queryRenderedFeatures({ layers: ['communes'] }).map(({ properties }) => properties.departement));
  await Promise.all([...seen].filter((departement) => departement && !asked.has(departement)).map(ask));
  root.dataset.pret = [...seen].every((departement) => asked.has(departement)) ? 'oui' : 'non';
});

function choose({ code, nom }) {
  map.setFilter('choisie', ['==', ['get', 'code'], code]);
  const [, words] = figures.get(code) ?? [null, data.nonMesure];
  const link = document.createElement('a');
  const question = new URLSearchParams(data.question);
  question.delete('indicateur');
  question.delete('zonage');
  link.href = `/commune/${code}${question.size ? `?${question}` : ''}`;
  link.textContent = data.fiche;
  const [, zone] = zones.get(code) ?? [];
  place.replaceChildren(`${nom}${data.deuxPoints} ${words}${zone ? ` (${zone})` : ''}. `, link);
}
map.on('click', 'communes', ({ features: [feature] }) => choose(feature.properties));
map.on('mouseenter', 'communes', () => { map.getCanvas().style.cursor = 'pointer'; });
map.on('mouseleave', 'communes', () => { map.getCanvas().style.cursor = ''; });
// Whoever moves by the keyboard chooses what is in the middle.
map.getCanvas().addEventListener('keydown', (event) => {
  if (event.key !== 'Enter') return;
  const { width, height } = map.getCanvas().getBoundingClientRect();
  const [feature] = map.queryRenderedFeatures([width / 2, height / 2], { layers: ['communes'] });
  if (feature) choose(feature.properties);
});
