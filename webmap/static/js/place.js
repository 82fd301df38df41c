'use strict';

// The map of one place: a click fills in the fields, the fields move the mark. Without it, or
// without a network, the form does the same. Words come from the page; names are put in as text.

(() => {
  const box = document.getElementById('map');
  const form = document.getElementById('point');
  const where = document.getElementById('where');
  const here = document.getElementById('here');
  const said = box.dataset;
  const { lon, lat, accuracy_m: accuracy } = form.elements;

  const map = L.map(box, {
    attributionControl: false, zoomControl: false, zoomSnap: 0.25, maxZoom: 19, minZoom: 8,
    zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, preferCanvas: true,
  }).setView([31.75, 119.35], 11);
  L.control.zoom({ zoomInTitle: said.zoomIn, zoomOutTitle: said.zoomOut }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 160, position: 'bottomright' }).addTo(map);

  const text = (words) => {
    const element = document.createElement('span');
    element.textContent = words;
    return element;
  };

  // ---- The point ---------------------------------------------------------------------------

  const DECIMALS = 6;                                // a tenth of a metre
  const COUNTRY = { lon: [73, 136], lat: [3, 54] };
  const FINGER_PX = 3;                               // nobody points more exactly
  const mark = L.layerGroup();
  let villages = [];
  let guessed = accuracy.value === '';

  function typed() {
    const at = { lon: Number(lon.value), lat: Number(lat.value) };
    const valid = ['lon', 'lat'].every((name) => at[name] >= COUNTRY[name][0]
      && at[name] <= COUNTRY[name][1]);
    return lon.value.trim() && lat.value.trim() && valid ? at : null;
  }

  function show() {
    const at = typed();
    mark.clearLayers();
    where.hidden = !at || villages.length === 0;
    if (!at) return;
    const ring = { interactive: false, fill: false, opacity: 1 };
    L.circleMarker([at.lat, at.lon], { ...ring, radius: 11, color: '#ffffff', weight: 6 }).addTo(mark);
    L.circleMarker([at.lat, at.lon], { ...ring, radius: 11, color: '#a3160f', weight: 3 }).addTo(mark);
    L.circleMarker([at.lat, at.lon], {
      interactive: false, radius: 2, color: '#a3160f', fillColor: '#a3160f', fillOpacity: 1,
    }).addTo(mark);
    mark.addTo(map);
    tell(at);
  }

  function tell(at) {
    if (villages.length === 0) return;
    const found = villages.find((village) => inside(village.geometry, at));
    const named = villages.find((village) => village.properties.code === said.village);
    const astray = found && named && found !== named;
    let words = said.outside;
    if (found) words = (astray ? said.elsewhere : said.in).replace('{village}', found.properties.name);
    where.textContent = named ? words.replace('{named}', named.properties.name) : words;
    where.classList.toggle('doubtful', !found || Boolean(astray));
  }

  function inside(geometry, { lon: x, lat: y }) {
    const parts = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
    let odd = false;
    for (const ring of parts.flat()) {
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
        const [[ax, ay], [bx, by]] = [ring[i], ring[j]];
        if ((ay > y) !== (by > y) && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
      }
    }
    return odd;
  }

  function put(at, accuracyM) {
    lon.value = at.lng.toFixed(DECIMALS);
    lat.value = at.lat.toFixed(DECIMALS);
    if (guessed) accuracy.value = Math.max(1, Math.ceil(accuracyM));
    show();
  }

  map.on('click', ({ latlng, containerPoint }) => {
    const beside = map.containerPointToLatLng(containerPoint.add([FINGER_PX, 0]));
    put(latlng, map.distance(latlng, beside));
  });
  accuracy.addEventListener('input', () => { guessed = accuracy.value === ''; });
  // Maps copy both numbers at once.
  const PAIR = /^\s*([\d.]+)[,;\uff0c\s]+([\d.]+)\s*$/;
  lon.addEventListener('input', () => {
    const pair = lon.value.match(PAIR);
    if (pair) [, lon.value, lat.value] = pair;
  });
  for (const field of [lon, lat]) {
    field.addEventListener('input', show);
    field.addEventListener('change', () => {
      const at = typed();
      if (at && !map.getBounds().contains([at.lat, at.lon])) map.panTo([at.lat, at.lon]);
    });
  }

  if (navigator.geolocation && window.isSecureContext) {
    here.hidden = false;
    here.addEventListener('click', () => navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        put({ lng: coords.longitude, lat: coords.latitude }, coords.accuracy);
        map.setView([coords.latitude, coords.longitude], 16);
      },
      () => { where.hidden = false; where.textContent = said.unlocated; },
      { enableHighAccuracy: true, timeout: 15000 },
    ));
  }

  // ---- What is around ------------------------------------------------------------------------

  async function get(url) {
    const response = await fetch(url, { credentials: 'same-origin' });
    if (!response.ok) throw new Error(String(response.status));
    return response.json();
  }

  function outline(collection) {
    villages = collection.features;
    const own = (village) => village.properties.code === said.village;
    const lines = L.geoJSON(collection, {
      interactive: false,
      style: (village) => ({
        color: own(village) ? '#1f4e5f' : '#8a9497', weight: own(village) ? 3 : 1,
        fill: own(village), fillColor: '#ffffff', fillOpacity: 0.7,
      }),
      onEachFeature: (village, layer) => layer.bindTooltip(text(village.properties.name), {
        permanent: true, direction: 'center', className: 'village-name',
      }),
    }).addTo(map);
    const named = lines.getLayers().find((layer) => own(layer.feature));
    const whole = (named || lines).getBounds();
    if (whole.isValid()) map.fitBounds(whole, { padding: [16, 16] });
    return named ? named.getBounds().getCenter() : null;
  }

  function surroundings(collection) {
    L.geoJSON(collection, {
      filter: (place) => String(place.id) !== said.site,
      style: { color: '#6f7b80', weight: 1, fillOpacity: 0.15 },
      pointToLayer: (_place, at) => L.circleMarker(at, {
        radius: 3, color: '#ffffff', weight: 0.5, fillColor: '#6f7b80', fillOpacity: 1,
      }),
      onEachFeature: (place, layer) => layer.bindTooltip(text(place.properties.name || '')),
      bubblingMouseEvents: true,
    }).addTo(map);
  }

  async function start() {
    const middle = outline(await get(said.areas));
    const at = typed();
    if (at) map.setView([at.lat, at.lon], 15);
    show();
    const centre = at || (middle && { lon: middle.lng, lat: middle.lat });
    if (!centre) return;
    const asked = new URLSearchParams({
      lon: centre.lon, lat: centre.lat, radius_m: said.surroundings, limit: 2000,
    });
    surroundings(await get(`${said.near}?${asked}`));
  }

  start().catch(() => {
    where.hidden = false;
    where.textContent = said.failed;
  });
})();
