'use strict';

// The map page: draws layers on one canvas, opens the panel beside the map, keeps the view in the
// address. Words come from the page (#page), pieces of HTML from the server; names are only ever
// put in as text.

(() => {
  const byId = (id) => document.getElementById(id);
  const page = JSON.parse(byId('page').textContent);
  const words = page.words;
  const map = window.riskmap.map;
  const layers = new Map(page.layers.map((layer) => [layer.slug, layer]));
  // What a mark and a rule are where nothing else is said.
  const PLAIN = { shape: 'fill', fill: null, stroke: '', width: 1, opacity: 1, size: 1, number: null };
  for (const layer of page.layers) {
    layer.rules = layer.rules.map((rule) => ({ where: {}, least: {}, label: null, ...rule, mark: { ...PLAIN, ...rule.mark } }));
  }
  const phone = window.matchMedia('(max-width: 760px)');
  const coarse = window.matchMedia('(pointer: coarse)');

  // ---- Fetching: a bar after a moment, one kind of failure --------------------------------

  class Failure extends Error {}

  let pending = 0;
  function busy(step) {
    pending += step;
    window.setTimeout(() => { byId('progress').hidden = pending === 0; }, pending ? 150 : 0);
  }

  async function get(url, what, signal) {
    busy(1);
    try {
      return await fetch(url, { signal, credentials: 'same-origin' });
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      throw new Failure(words.failed.replace('{what}', what));
    } finally {
      busy(-1);
    }
  }

  async function getJson(url, what, signal) {
    const response = await get(url, what, signal);
    const found = await response.json().catch((error) => {
      if (error.name === 'AbortError') throw error;
      return null;                                   // cut off on its way
    });
    if (response.ok && found) return found;
    const problem = found || {};
    throw new Failure(problem.detail || words.failed.replace('{what}', what));
  }

  // ---- Marks: every feature on one canvas, so that a click reaches what lies below ---------

  const canvas = L.canvas({ padding: 0.3, tolerance: coarse.matches ? 8 : 3 });
  const hatch = (() => {
    const tile = document.createElement('canvas');
    tile.width = tile.height = 9;
    const ink = tile.getContext('2d');
    ink.fillStyle = '#ffffff';
    ink.fillRect(0, 0, 9, 9);
    ink.strokeStyle = page.hatch;
    ink.lineWidth = 1.5;
    for (const shift of [-9, 0, 9]) {
      ink.moveTo(shift, 9);
      ink.lineTo(shift + 9, 0);
    }
    ink.stroke();
    return ink.createPattern(tile, 'repeat');
  })();

  // Stripes the other way: a number that is there, and not to be relied on.
  const striped = new Map();
  function stripes(colour) {
    if (!striped.has(colour)) {
      const tile = document.createElement('canvas');
      tile.width = tile.height = 10;
      const ink = tile.getContext('2d');
      ink.fillStyle = colour;
      ink.fillRect(0, 0, 10, 10);
      ink.strokeStyle = isLight(colour) ? '#a77fab' : '#ffffff';
      ink.lineWidth = isLight(colour) ? 2 : 3;
      for (const shift of [-10, 0, 10]) {
        ink.moveTo(shift, 0);
        ink.lineTo(shift + 10, 10);
      }
      ink.stroke();
      striped.set(colour, ink.createPattern(tile, 'repeat'));
    }
    return striped.get(colour);
  }

  // By its green, which most of what we see as light comes from.
  function isLight(colour) {
    return parseInt(colour.slice(3, 5), 16) > 160;
  }

  function paint(mark) {
    if (mark.fill === 'hatch') return hatch;
    return mark.hatched ? stripes(mark.fill) : mark.fill;
  }

  function polygon(ink, x, y, r, corners) {
    corners.forEach(([dx, dy], i) => {
      if (i === 0) ink.moveTo(x + dx * r, y + dy * r);
      else ink.lineTo(x + dx * r, y + dy * r);
    });
    ink.closePath();
  }
  const THIRD = 0.38;
  const SHAPES = {
    circle: (ink, x, y, r) => ink.arc(x, y, r, 0, 2 * Math.PI),
    square: (ink, x, y, r) => ink.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r),
    triangle: (ink, x, y, r) => polygon(ink, x, y, r, [[0, -1.15], [1.1, 0.85], [-1.1, 0.85]]),
    diamond: (ink, x, y, r) => polygon(ink, x, y, r, [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]]),
    cross: (ink, x, y, r) => polygon(ink, x, y, r * 1.15, [
      [-THIRD, -1], [THIRD, -1], [THIRD, -THIRD], [1, -THIRD], [1, THIRD], [THIRD, THIRD],
      [THIRD, 1], [-THIRD, 1], [-THIRD, THIRD], [-1, THIRD], [-1, -THIRD], [-THIRD, -THIRD]]),
    saltire: (ink, x, y, r) => {
      ink.moveTo(x - r, y - r); ink.lineTo(x + r, y + r);
      ink.moveTo(x + r, y - r); ink.lineTo(x - r, y + r);
    },
  };

  function drawMark(ink, at, mark, r) {
    ink.globalAlpha = 1;
    ink.setLineDash([]);
    ink.beginPath();
    SHAPES[mark.shape](ink, at.x, at.y, r);
    if (mark.fill) {
      ink.fillStyle = mark.fill;
      ink.fill();
    } else {
      ink.strokeStyle = '#ffffff';
      ink.lineWidth = mark.width + 2;
      ink.stroke();
    }
    ink.strokeStyle = mark.stroke;
    ink.lineWidth = mark.width;
    ink.stroke();
  }

  function radius(mark) {
    const zoom = map.getZoom();
    const base = zoom < 12 ? 3.2 : zoom < 14 ? 4.4 : zoom < 16 ? 6 : 7.5;
    return base * mark.size;
  }

  const PointMark = L.CircleMarker.extend({
    _project() {
      this._radius = radius(this.options.mark);
      L.CircleMarker.prototype._project.call(this);
    },
    _updatePath() {
      const renderer = this._renderer;
      if (!renderer._drawing || this._empty()) return;
      drawMark(renderer._ctx, this._point, this.options.mark, this._radius);
    },
  });

  // An area too small to be seen is drawn as a symbol, and one whose mark is a symbol gets it as well.
  const TINY_PX = 7;
  const AreaMark = L.Polygon.extend({
    _symbol() {
      const mark = this.options.mark;
      if (SHAPES[mark.shape]) return mark;
      if (mark.shape === 'fill' || !this._rawPxBounds) return null;
      const size = this._rawPxBounds.getSize();
      if (Math.max(size.x, size.y) >= TINY_PX) return null;
      return { shape: 'square', fill: mark.stroke, stroke: '#ffffff', width: 0.5, size: 0.55 };
    },
    _updateBounds() {
      L.Polygon.prototype._updateBounds.call(this);
      const symbol = this._symbol();
      if (!symbol || !this._pxBounds) return;
      const reach = L.point(1, 1).multiplyBy(radius(symbol) * 1.5 + 3);
      const centre = this._rawPxBounds.getCenter();
      this._pxBounds = L.bounds(this._pxBounds.min, this._pxBounds.max);
      this._pxBounds.extend(centre.subtract(reach)).extend(centre.add(reach));
    },
    _updatePath() {
      const renderer = this._renderer;
      if (!renderer._drawing) return;
      const symbol = this._symbol();
      if (!symbol || symbol === this.options.mark) renderer._updatePoly(this, true);
      if (symbol) drawMark(renderer._ctx, this._rawPxBounds.getCenter(), symbol, radius(symbol));
    },
    _containsPoint(point) {
      const symbol = this._symbol();
      const near = symbol && this._rawPxBounds.getCenter().distanceTo(point)
        <= radius(symbol) + this._clickTolerance();
      if (near) return true;
      if (this.options.fill) return inside(this._parts, point);
      // What only frames the rest is hit on its line.
      const frame = this.options.item.layer.meant > 3;
      return (frame ? L.Polyline : L.Polygon).prototype._containsPoint.call(this, point, true);
    },
  });

  // Leaflet also counts what is a finger's breadth outside; of two villages only one is meant.
  function inside(rings, { x, y }) {
    let odd = false;
    for (const line of rings) {
      for (let i = 0, j = line.length - 1; i < line.length; j = i, i += 1) {
        const [a, b] = [line[i], line[j]];
        if ((a.y > y) !== (b.y > y) && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) odd = !odd;
      }
    }
    return odd;
  }

  function pathOptions(mark, item) {
    const symbol = Boolean(SHAPES[mark.shape]);
    return {
      renderer: canvas,
      item,
      mark,
      stroke: mark.width > 0,
      color: symbol && mark.fill ? mark.fill : mark.stroke,
      weight: symbol ? 2 : mark.width,
      opacity: 1,
      dashArray: mark.dashed ? '7 6' : null,
      fill: mark.shape === 'fill' && Boolean(mark.fill),
      fillColor: paint(mark),
      fillOpacity: mark.opacity,
      interactive: Boolean(item),
    };
  }

  // One path per feature, whatever its geometry.
  function draw(geometry, mark, item) {
    const options = pathOptions(mark, item);
    const at = (depth) => L.GeoJSON.coordsToLatLngs(geometry.coordinates, depth);
    const makers = {
      Point: () => new PointMark(L.GeoJSON.coordsToLatLng(geometry.coordinates), options),
      MultiPoint: () => new PointMark(L.GeoJSON.coordsToLatLng(geometry.coordinates[0]), options),
      LineString: () => L.polyline(at(0), options),
      MultiLineString: () => L.polyline(at(1), options),
      Polygon: () => new AreaMark(at(1), options),
      MultiPolygon: () => new AreaMark(at(2), options),
    };
    return makers[geometry.type] ? makers[geometry.type]() : null;
  }

  function boundsOf(path) {
    return path.getBounds ? path.getBounds() : L.latLngBounds([path.getLatLng()]);
  }

  // ---- Items: a feature with its layer, its mark and its name -----------------------------

  function fits(rule, properties) {
    const same = Object.entries(rule.where).every(([name, value]) => properties[name] === value);
    return same && Object.entries(rule.least).every(([name, least]) => properties[name] >= least);
  }

  const BY_CODE = new Set(['area', 'whole']);

  // Three digits are what a load is worth.
  function short(value) {
    return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
  }

  function makeItem(layer, feature) {
    const properties = feature.properties;
    const rule = layer.rules.find((entry) => fits(entry, properties));
    if (!rule || !feature.geometry) return null;
    const raised = properties.index_class && properties.floor > properties.index_class;
    const small = properties.small && rule.mark.fill !== 'hatch';
    const value = layer.value ? properties[layer.value] : null;
    return {
      layer,
      feature,
      id: BY_CODE.has(layer.opens) ? properties.code : feature.id,
      name: String(properties[layer.name] || properties.code || rule.label || layer.title),
      mark: { ...rule.mark, ...(raised && page.raised), ...(small && page.small) },
      // What is not known comes last.
      order: rule.mark.number ? value ?? layer.rules.indexOf(rule) : -1,
      number: rule.mark.number && layer.value ? short(value) : rule.mark.number,
      word: small ? `${rule.label} · ${words.small}` : rule.label,
      raised: Boolean(raised),
    };
  }

  const fetched = new Map();   // slug -> promise of items
  const known = new Map();     // slug -> items, once they are there

  function fetchItems(slug) {
    const layer = layers.get(slug);
    if (!fetched.has(slug)) {
      const promise = getJson(layer.href, layer.title).then((collection) => {
        layer.run = collection.run;
        const items = collection.features.map((feature) => makeItem(layer, feature));
        const drawn = items.filter(Boolean).sort((a, b) => a.raised - b.raised);
        known.set(slug, drawn);
        return drawn;
      });
      promise.catch(() => fetched.delete(slug));
      fetched.set(slug, promise);
    }
    return fetched.get(slug);
  }

  // ---- Layers: what is shown, in which order, and what their rows say ----------------------

  const shown = new Map();     // slug -> { rank, group, items }
  const wanted = { fill: '', on: new Set() };
  const ring = L.featureGroup().addTo(map);
  const selection = L.layerGroup().addTo(map);
  const labels = L.layerGroup().addTo(map);
  const outline = page.layers.find((layer) => layer.register === 'area' && layer.opens === 'area');

  const COMPUTED = new Set(['risk', 'view', 'hexagon', 'surface', 'hotspot', 'heat', 'rate', 'circle', 'patch', 'outlier']);

  function rowOf(slug) {
    return document.querySelector(`.row[data-layer="${CSS.escape(slug)}"]`);
  }

  function say(slug, text, retry) {
    const row = rowOf(slug);
    if (!row) return;
    const state = row.querySelector('.row-state');
    state.replaceChildren();
    state.hidden = !text;
    state.classList.toggle('failed', Boolean(retry));
    if (text) state.append(text);
    if (retry) {
      const again = document.createElement('button');
      again.type = 'button';
      again.className = 'link';
      again.textContent = words.retry;
      again.addEventListener('click', retry);
      state.append(' ', again);
    }
  }

  function nothing(layer) {
    if (layer.run) return words.noneFound;
    return COMPUTED.has(layer.register) ? words.emptyRun : words.empty;
  }

  async function itemsFor(slug, retry) {
    const row = rowOf(slug);
    if (row) row.setAttribute('aria-busy', 'true');
    say(slug, '');
    try {
      const items = await fetchItems(slug);
      if (!items.length) say(slug, nothing(layers.get(slug)));
      return items;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      say(slug, error.message, retry);
      announce(error.message);
      return null;
    } finally {
      if (row) row.removeAttribute('aria-busy');
    }
  }

  function put(slug, items) {
    take(slug);
    const group = L.featureGroup();
    for (const item of items) {
      const path = draw(item.feature.geometry, item.mark, item);
      if (path) group.addLayer(path);
    }
    group.bindTooltip((path) => tip(path.options.item), { sticky: true, direction: 'top', opacity: 1 });
    group.addTo(map);
    shown.set(slug, { rank: layers.get(slug).rank, group, items });
    restack();
  }

  function take(slug) {
    const entry = shown.get(slug);
    if (entry) map.removeLayer(entry.group);
    shown.delete(slug);
  }

  function restack() {
    const order = [...shown.values()].sort((a, b) => a.rank - b.rank);
    for (const { group } of order) group.eachLayer((path) => path.bringToFront());
    for (const group of [ring, selection]) {
      group.eachLayer((path) => path.bringToFront && path.bringToFront());
    }
  }

  function tip(item) {
    const node = document.createElement('span');
    node.textContent = item.word && item.word !== item.name ? `${item.name} · ${item.word}` : item.name;
    return node;
  }

  async function tick(slug, on) {
    const row = rowOf(slug);
    row.querySelector('.row-more').hidden = !on;
    if (!on) {
      wanted.on.delete(slug);
      say(slug, '');
      take(slug);
    } else {
      wanted.on.add(slug);
      const items = await itemsFor(slug, () => tick(slug, true));
      if (items && wanted.on.has(slug)) {
        put(slug, items);
        announce(words.shown.replace('{what}', layers.get(slug).title));
      }
    }
    remember();
  }

  // At most one fill at a time; the old one stays until the new one is there.
  async function fill(slug) {
    wanted.fill = slug;
    remember();
    const layer = layers.get(slug);
    const items = slug ? await itemsFor(slug, () => fill(slug)) : [];
    const scored = Boolean(layer && layer.opens === 'area' && items && items.length);
    const areas = scored || !outline ? items : await itemsFor(outline.slug, () => fill(slug));
    if (!items || wanted.fill !== slug) return;
    for (const other of page.layers) if (other.fill) take(other.slug);
    if (slug) put(slug, items);
    if (outline && !wanted.on.has(outline.slug)) {
      if (scored) take(outline.slug);
      else if (areas) put(outline.slug, areas);
    }
    label(areas || [], scored);
    listAreas(areas || [], scored);
    showLegend(slug, layer, scored ? items : []);
    announce(words.shown.replace('{what}', layer ? layer.title : words.noFill));
    sayLayer();
  }

  // The panel tells the composite class; where the map shows another model, it tells that as well.
  function sayLayer() {
    const line = body.querySelector('[data-layer-now]');
    if (!line) return;
    const layer = layers.get(wanted.fill);
    const other = layer && layer.opens === 'area' && layer.slug !== line.dataset.layerNow;
    const code = line.closest('.card').dataset.id;
    const item = other && (known.get(layer.slug) || []).find((entry) => String(entry.id) === code);
    line.hidden = !item;
    if (!item) return;
    line.textContent = words.layerNow.replace('{title}', () => layer.title).replace('{class}', () => saidOf(item));
  }

  function saidOf(item) {
    if (item.layer.value) return item.number || item.word;
    return item.number ? `${item.number} ${item.word}` : item.word;
  }

  function showLegend(slug, layer, items) {
    document.querySelectorAll('[data-legend]').forEach((node) => {
      node.hidden = !node.dataset.legend.split(' ').includes(slug);
      node.querySelectorAll('[data-class]').forEach((line) => {
        const count = items.filter((item) => String(item.mark.number || '') === line.dataset.class).length;
        line.querySelector('[data-count]').textContent = words.count.replace('{n}', count);
      });
    });
    const bar = byId('switch');
    if (bar) {
      const buttons = [...bar.querySelectorAll('button')];
      bar.hidden = !buttons.some((button) => button.dataset.fill === slug);
      buttons.forEach((button) => button.setAttribute('aria-pressed', String(button.dataset.fill === slug)));
    }
    document.querySelectorAll('.legend .mini').forEach((node) => {
      node.hidden = !layer || layer.register !== node.dataset.mini;
    });
    document.querySelectorAll('[data-fill-title]').forEach((node) => {
      node.textContent = layer ? layer.title : words.noFill;
    });
    document.querySelectorAll('.row[data-layer] input[type="radio"]').forEach((input) => {
      input.closest('.row').querySelector('.row-more').hidden = input.value !== slug;
    });
  }

  function label(items, scored) {
    labels.clearLayers();
    const ending = commonEnding(items.map((item) => item.name));
    for (const item of items) {
      const node = document.createElement('span');
      if (scored && item.number) {
        const number = document.createElement('b');
        number.textContent = item.number;
        node.append(number);
      }
      const name = document.createElement('i');
      name.textContent = item.name.slice(0, item.name.length - ending);
      node.append(name);
      if (scored && !item.number) {
        const unknown = document.createElement('em');
        unknown.textContent = words.classes[0];
        node.append(unknown);
      }
      L.marker(insideOf(item.feature.geometry), {
        icon: L.divIcon({ className: 'area-label', html: node, iconSize: null }),
        interactive: false,
        keyboard: false,
      }).addTo(labels);
    }
  }

  // What all names end in tells nothing on a map; one character is kept for the ear.
  function commonEnding(names) {
    if (names.length < 3) return 0;
    const shortest = Math.min(...names.map((name) => name.length)) - 1;
    let length = 0;
    while (length < shortest && names.every((name) => name.at(-1 - length) === names[0].at(-1 - length))) length += 1;
    return length > 1 ? length : 0;
  }

  // The middle of the widest stretch at half height lies inside, whatever the shape.
  function insideOf(geometry) {
    const parts = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
    let best = { width: -1 };
    for (const rings of parts) {
      const lats = rings[0].map((corner) => corner[1]);
      const lat = (Math.min(...lats) + Math.max(...lats)) / 2;
      const cuts = [];
      for (const line of rings) {
        for (let i = 1; i < line.length; i += 1) {
          const [x0, y0] = line[i - 1];
          const [x1, y1] = line[i];
          if ((y0 > lat) !== (y1 > lat)) cuts.push(x0 + ((lat - y0) / (y1 - y0)) * (x1 - x0));
        }
      }
      cuts.sort((a, b) => a - b);
      for (let i = 1; i < cuts.length; i += 2) {
        const width = cuts[i] - cuts[i - 1];
        if (width > best.width) best = { width, at: L.latLng(lat, (cuts[i] + cuts[i - 1]) / 2) };
      }
    }
    return best.at || L.GeoJSON.coordsToLatLng(parts[0][0][0]);
  }

  function listAreas(items, scored) {
    const order = [...items].sort((a, b) => b.order - a.order);
    byId('areas').replaceChildren(...order.map((item) => {
      const entry = document.createElement('li');
      const button = document.createElement('button');
      button.type = 'button';
      button.dataset.area = item.id;
      const name = document.createElement('span');
      name.textContent = item.name;
      button.append(name);
      if (scored) {
        const chip = document.createElement('span');
        chip.className = `class-chip class-${item.mark.number || 'none'}`;
        chip.textContent = saidOf(item);
        button.append(chip);
      }
      entry.append(button);
      return entry;
    }));
  }

  // ---- Panel: what was clicked ----------------------------------------------------------------

  const detail = byId('detail');
  const body = byId('detail-body');
  const trail = [];
  let current = null;
  let opener = null;
  let underway = null;

  function addressOf(view) {
    if (view.what === 'area') return page.urls.area + encodeURIComponent(view.id);
    if (view.what === 'whole') return page.urls.whole.replace('LEVEL', view.slug).replace('CODE', encodeURIComponent(view.id));
    if (view.what === 'site') return page.urls.site + encodeURIComponent(view.id);
    return view.query ? `${page.urls.near}?${view.query}` : page.urls.near;
  }

  async function open(view, { also = [], back = false } = {}) {
    if (detail.hidden) opener = document.activeElement;
    else if (current && !back && view.what !== 'near') trail.push(current);
    if (underway) underway.abort();
    underway = new AbortController();
    const signal = underway.signal;
    if (view.what !== 'near') pick(false);
    try {
      if (view.what === 'card') body.replaceChildren(cardOf(await findItem(view.slug, view.id)));
      else await load(view, signal);
    } catch (error) {
      if (error.name === 'AbortError') return;
      if (!(error instanceof Failure)) throw error;
      complain(error.message, () => open(view, { also, back: true }));
    }
    if (signal.aborted) return;
    current = view;
    detail.hidden = false;
    byId('frame').classList.add('detail-open');
    document.querySelector('.top').classList.add('detail-open');
    detail.scrollTop = 0;
    sheet(false);
    showAlso(also);
    byId('back').hidden = trail.length === 0;
    const heading = body.querySelector('h2');
    if (heading) heading.focus({ preventScroll: true });
    remember();
    await point(view);
  }

  async function load(view, signal) {
    const response = await get(addressOf(view), words.details, signal);
    const html = await response.text();
    if (!response.ok && response.status !== 422 && response.status < 500) trail.length = 0;
    if (response.status >= 500) throw new Failure(words.failed.replace('{what}', words.details));
    const holder = document.createElement('template');
    holder.innerHTML = html;      // made and escaped by the server
    body.replaceChildren(holder.content);
    sayLayer();
  }

  function complain(text, retry) {
    const box = document.createElement('div');
    box.className = 'problem detail-problem';
    box.setAttribute('role', 'alert');
    const line = document.createElement('p');
    line.textContent = text;
    const again = document.createElement('button');
    again.type = 'button';
    again.className = 'button';
    again.textContent = words.retry;
    again.addEventListener('click', retry);
    box.append(line, again);
    body.replaceChildren(box);
  }

  // Not known because there is nothing to know: a place named by its link, a case still open.
  const OPTIONAL = new Set(['site_kind', 'site_code', 'closed_on']);

  // A feature that no service writes a card for says what it carries itself.
  function cardOf(item) {
    const article = document.createElement('article');
    article.className = 'card';
    const head = document.createElement('header');
    head.className = 'card-head';
    const heading = document.createElement('h2');
    heading.tabIndex = -1;
    heading.textContent = item.name;
    const under = document.createElement('p');
    under.className = 'quiet';
    under.textContent = item.word ? `${item.layer.title} · ${item.word}` : item.layer.title;
    head.append(heading, under);
    const facts = document.createElement('dl');
    facts.className = 'facts';
    for (const column of item.layer.columns) {
      const found = item.feature.properties[column.name];
      if (OPTIONAL.has(column.name) && !found) continue;
      const line = document.createElement('div');
      const term = document.createElement('dt');
      const value = document.createElement('dd');
      term.textContent = column.title;
      const village = column.name === 'village' && found ? areaItem(found) : null;
      if (village) {
        term.textContent = outline.title;
        const link = document.createElement('button');
        link.type = 'button';
        link.className = 'link';
        link.dataset.area = found;
        link.textContent = village.name;
        value.append(link);
      } else {
        value.textContent = written(found, column.unit);
      }
      line.append(term, value);
      facts.append(line);
    }
    article.append(head, facts);
    const site = item.feature.properties.site;
    if (site) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'button';
      button.dataset.site = site;
      button.textContent = words.openSite;
      const line = document.createElement('p');
      line.append(button);
      article.append(line);
    }
    return article;
  }

  function written(value, unit) {
    if (value === null || value === undefined || value === '') return words.unknown;
    if (typeof value === 'boolean') return value ? words.yes : words.no;
    const text = typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value);
    return unit ? `${text} ${unit}` : text;
  }

  async function findItem(slug, id) {
    const items = layers.has(slug) ? await fetchItems(slug) : [];
    const item = items.find((entry) => String(entry.id) === String(id));
    if (!item) throw new Failure(words.failed.replace('{what}', words.details));
    return item;
  }

  // Show on the map what the panel speaks of.
  async function point(view) {
    selection.clearLayers();
    document.querySelectorAll('#areas [aria-current]').forEach((node) => node.removeAttribute('aria-current'));
    if (view.what === 'near') return answer();
    clearAnswer();
    if (view.what === 'area') {
      const button = document.querySelector(`#areas [data-area="${CSS.escape(String(view.id))}"]`);
      if (button) button.setAttribute('aria-current', 'true');
    }
    const card = body.querySelector('.card');
    const slug = view.slug || (card && card.dataset.kind);
    try {
      const item = view.what === 'area' ? areaItem(view.id) : await findItem(slug, view.id);
      if (item && current === view) highlight(item, view);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;     // the card says what there is to say
    }
    return undefined;
  }

  function areaItem(code) {
    for (const items of known.values()) {
      const item = items.find((entry) => entry.layer.opens === 'area' && entry.id === code);
      if (item) return item;
    }
    return null;
  }

  function highlight(item, { at, still }) {
    selection.clearLayers();
    const plain = draw(item.feature.geometry, item.mark, null);
    const bounds = boundsOf(plain);
    if (!at && !still && map.getZoom() < 14 && item.layer.meant === 0) map.setView(bounds.getCenter(), 14, { animate: false });
    if (widthOf(bounds) < 20) {
      for (const [color, weight] of [['#ffffff', 6], ['#111111', 2.5]]) {
        L.circleMarker(bounds.getCenter(), { renderer: canvas, radius: 12, color, weight, fill: false, interactive: false }).addTo(selection);
      }
      plain.addTo(selection);
    } else {
      for (const [stroke, width] of [['#ffffff', 6], ['#111111', 3]]) {
        draw(item.feature.geometry, { shape: 'line', stroke, width, fill: null }, null).addTo(selection);
      }
    }
    const here = body.querySelector('[data-near-here]');
    if (here) {
      here.hidden = false;
      here.dataset.nearHere = `${bounds.getCenter().lng.toFixed(6)},${bounds.getCenter().lat.toFixed(6)}`;
    }
    if (at) map.panInside(at, clear());
    else if (!still) bringIntoView(bounds);
  }

  // How much of the map the sheet covers on a phone.
  function covered() {
    return phone.matches && !detail.hidden ? detail.offsetHeight : 0;
  }

  // What lies around the part of the map that nothing covers.
  function clear() {
    const below = covered();
    const above = phone.matches ? (below ? 48 : 120) : 56;
    return { paddingTopLeft: [24, above], paddingBottomRight: [24, 24 + below], animate: false };
  }

  function widthOf(bounds) {
    return map.latLngToContainerPoint(bounds.getSouthEast()).x - map.latLngToContainerPoint(bounds.getNorthWest()).x;
  }

  function bringIntoView(bounds) {
    map.invalidateSize({ pan: false });
    const options = clear();
    const size = L.point(map.getSize());
    const free = L.bounds(options.paddingTopLeft, size.subtract(options.paddingBottomRight));
    const a = map.latLngToContainerPoint(bounds.getNorthWest());
    const b = map.latLngToContainerPoint(bounds.getSouthEast());
    if (free.contains(L.bounds(a, b))) return;
    const tooBig = b.x - a.x > free.getSize().x || b.y - a.y > free.getSize().y;
    if (tooBig) map.fitBounds(bounds, options);
    else map.panInside(bounds.getNorthWest(), options).panInside(bounds.getSouthEast(), options);
  }

  function showAlso(items) {
    const bar = byId('also');
    bar.replaceChildren();
    bar.hidden = items.length === 0;
    if (!items.length) return;
    bar.append(`${words.also} `);
    for (const item of items) {
      const link = document.createElement('button');
      link.type = 'button';
      link.className = 'link';
      link.textContent = item.name;
      link.addEventListener('click', () => open({ ...viewOf(item), still: true }));
      bar.append(link);
    }
  }

  function close() {
    if (detail.hidden) return;
    if (underway) underway.abort();
    detail.hidden = true;
    byId('frame').classList.remove('detail-open');
    document.querySelector('.top').classList.remove('detail-open');
    current = null;
    trail.length = 0;
    body.replaceChildren();
    selection.clearLayers();
    clearAnswer();
    pick(false);
    remember();
    if (opener && opener.isConnected) opener.focus({ preventScroll: true });
  }

  function viewOf(item) {
    return { what: item.layer.opens, id: item.id, slug: item.layer.slug };
  }

  // ---- Clicks on the map -------------------------------------------------------------------

  const OPENS = new Set(['area', 'whole', 'site', 'card']);

  // All that lies under a point: what is meant first, what covers everything last.
  function hitsAt(point) {
    const hits = new Set();
    for (let order = canvas._drawLast; order; order = order.prev) {
      const { item } = order.layer.options;
      if (item && order.layer._containsPoint(point)) hits.add(item);
    }
    const seen = new Set();
    return [...hits].sort((a, b) => a.layer.meant - b.layer.meant).filter((item) => {
      const key = [item.layer.opens, item.layer.opens === 'card' && item.layer.slug, item.id].join();
      return !seen.has(key) && seen.add(key);
    });
  }

  map.on('click', (event) => {
    if (picking) {
      ask({ lon: event.latlng.lng.toFixed(6), lat: event.latlng.lat.toFixed(6) });
      return;
    }
    const [first, ...others] = hitsAt(event.layerPoint);
    if (!first) return;
    trail.length = 0;
    current = null;
    open({ ...viewOf(first), at: event.latlng }, { also: others.filter((item) => item.layer.meant < 4).slice(0, 6) });
  });

  // ---- Radius query ---------------------------------------------------------------------------

  let picking = false;

  function pick(on) {
    picking = on;
    document.querySelector('[data-tool="near"]').setAttribute('aria-pressed', String(on));
    byId('content').classList.toggle('picking', on);
    byId('hint').hidden = !on;
  }

  function ask(fields) {
    const form = body.querySelector('form[data-near]');
    const query = new URLSearchParams(form ? new FormData(form) : {});
    for (const [name, value] of Object.entries(fields)) query.set(name, value);
    if (!query.get('radius_m')) query.set('radius_m', '500');
    return open({ what: 'near', query: query.toString() });
  }

  async function answer() {
    clearAnswer();
    const section = body.querySelector('[data-answer]');
    if (!section) return;
    pick(false);           // the next click opens what it hits
    const { lon, lat, radius: metres, answer: href } = section.dataset;
    const centre = L.latLng(Number(lat), Number(lon));
    const around = L.polygon(circle(centre, Number(metres)), { renderer: canvas, color: '#1f4e5f', weight: 2, fill: false, interactive: false, smoothFactor: 0 });
    ring.addLayer(around);
    ring.addLayer(new PointMark(centre, pathOptions({ shape: 'saltire', fill: null, stroke: '#1f4e5f', width: 2.5, size: 1.2, opacity: 1 }, null)));
    const bounds = around.getBounds();
    if (phone.matches) section.scrollIntoView({ block: 'start' });
    if (widthOf(bounds) < 160) map.fitBounds(bounds, { maxZoom: 17, paddingTopLeft: [56, 56], paddingBottomRight: [56, 32 + covered()], animate: false });
    else bringIntoView(bounds);
    const view = current;
    try {
      const found = await getJson(href, words.details, underway.signal);
      if (current !== view) return;
      for (const feature of found.features) {
        const layer = layers.get(feature.properties.kind);
        const item = layer && makeItem(layer, feature);
        const path = item && draw(feature.geometry, item.mark, item);
        if (path) ring.addLayer(path);
      }
      restack();
    } catch (error) {
      if (!(error instanceof Failure) && error.name !== 'AbortError') throw error;
    }
  }

  function clearAnswer() {
    ring.clearLayers();
  }

  ring.bindTooltip((path) => (path.options.item ? tip(path.options.item) : document.createElement('span')), { sticky: true, direction: 'top', opacity: 1 });

  // Only a drawing: who is inside is decided on the server. Direct geodesic on the ellipsoid's local radii.
  function circle(centre, metres) {
    const A = 6378137;
    const E2 = 0.00669438;
    const rad = Math.PI / 180;
    const lat = centre.lat * rad;
    const w = 1 - E2 * Math.sin(lat) ** 2;
    const meridian = (A * (1 - E2)) / w ** 1.5;
    const prime = A / Math.sqrt(w);
    const corners = [];
    for (let i = 0; i < 72; i += 1) {    // more corners look worse: each is rounded to a pixel
      const azimuth = 5 * i * rad;
      const bend = 1 / (Math.cos(azimuth) ** 2 / meridian + Math.sin(azimuth) ** 2 / prime);
      const angle = metres / bend;
      const to = Math.asin(Math.sin(lat) * Math.cos(angle) + Math.cos(lat) * Math.sin(angle) * Math.cos(azimuth));
      const turn = Math.atan2(Math.sin(azimuth) * Math.sin(angle) * Math.cos(lat), Math.cos(angle) - Math.sin(lat) * Math.sin(to));
      corners.push([to / rad, centre.lng + turn / rad]);
    }
    return corners;
  }

  // ---- Everything inside the panel, the strip and the lists that can be clicked ------------

  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = event.target.closest('[data-area], [data-whole], [data-fill], [data-site], [data-feature], [data-go], [data-radius], [data-near-here], [data-keep-view], [data-instead]');
    if (!target || target.matches('article')) return;
    const { area, whole, fill: slug, site, feature, go, box, kind, radius: metres, nearHere } = target.dataset;
    if (target.hasAttribute('data-keep-view')) {
      target.href = target.getAttribute('href').split('#')[0] + window.location.hash;
      return;
    }
    event.preventDefault();
    if (target.dataset.instead) showInstead(target);
    else if (area) open({ what: 'area', id: area });
    else if (whole) open({ what: 'whole', slug: whole.split('/')[0], id: whole.split('/')[1] });
    else if (slug) switchTo(slug);
    else if (go) zoomTo(go, box);
    else if (site) open({ what: 'site', id: site, slug: kind });
    else if (feature) {
      const [slug, id] = feature.split('/');
      open({ what: 'card', slug, id });
    } else if (metres) {
      body.querySelector('[name="radius_m"]').value = metres;
      if (body.querySelector('[name="lon"]').value) ask({});
      else target.parentElement.querySelectorAll('button').forEach((node) => node.setAttribute('aria-pressed', String(node === target)));
    } else if (nearHere) {
      const [lon, lat] = nearHere.split(',');
      trail.push(current);
      open({ what: 'near', query: new URLSearchParams({ lon, lat, radius_m: '500' }).toString() }, { back: true });
    }
  });

  // Another way to look at the villages: what its row in the list would do.
  function switchTo(slug) {
    const input = rowOf(slug).querySelector('input');
    input.checked = true;
    return fill(slug);
  }

  // A piece of HTML that comes in the place of the line with its link.
  async function showInstead(link) {
    try {
      const response = await get(link.dataset.instead, words.details);
      const holder = document.createElement('template');
      holder.innerHTML = await response.text();      // made and escaped by the server
      link.closest('p').replaceWith(holder.content);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      announce(error.message);
    }
  }

  function zoomTo(key, box) {
    const [w, s, e, n] = box.split(',').map(Number);
    const [slug, id] = key.split('/');
    map.fitBounds([[s, w], [n, e]], { maxZoom: 17, padding: [80, 80], animate: false });
    selection.clearLayers();
    ring.eachLayer((path) => {
      const item = path.options.item;
      if (item && item.layer.slug === slug && String(item.id) === id) highlight(item, { still: true });
    });
  }

  document.addEventListener('submit', (event) => {
    if (!event.target.matches('form[data-near]')) return;
    event.preventDefault();
    ask({});
  });

  byId('close').addEventListener('click', close);
  byId('back').addEventListener('click', () => {
    const view = trail.pop();
    if (view) open(view, { back: true });
  });

  // ---- Search by name among what is loaded -----------------------------------------------------

  const search = byId('search');
  const list = byId('found');
  let options = [];
  let chosen = -1;

  function find() {
    const text = search.value.trim().toLowerCase();
    const seen = new Set();
    options = [];
    chosen = -1;
    if (text) {
      const all = [...known.values()].flat();
      for (const item of all) {
        const key = `${item.layer.opens}/${item.id}`;
        if (options.length >= 12) break;
        if (item.layer.opens === 'card' || seen.has(key) || !item.name.toLowerCase().includes(text)) continue;
        seen.add(key);
        options.push(item);
      }
    }
    list.replaceChildren(...options.map((item, i) => {
      const entry = document.createElement('li');
      entry.id = `found-${i}`;
      entry.setAttribute('role', 'option');
      entry.setAttribute('aria-selected', 'false');
      const name = document.createElement('span');
      name.textContent = item.name;
      const what = document.createElement('span');
      what.className = 'quiet';
      what.textContent = item.layer.opens === 'area' ? outline.title : item.layer.title;
      entry.append(name, what);
      entry.addEventListener('mousedown', (event) => { event.preventDefault(); choose(i); });
      return entry;
    }));
    if (text && !options.length) {
      const none = document.createElement('li');
      none.className = 'quiet';
      none.textContent = words.notFound;
      list.append(none);
    }
    expand(Boolean(text));
  }

  function expand(on) {
    list.hidden = !on;
    search.setAttribute('aria-expanded', String(on));
    if (!on) search.removeAttribute('aria-activedescendant');
  }

  function choose(i) {
    const item = options[i];
    if (!item) return;
    search.value = '';
    expand(false);
    trail.length = 0;
    current = null;
    open(viewOf(item));
  }

  search.addEventListener('input', find);
  search.addEventListener('focus', () => { if (search.value) find(); });
  search.addEventListener('blur', () => expand(false));
  search.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) {
      event.preventDefault();
      chosen = (chosen + step + options.length) % options.length;
      list.querySelectorAll('[role="option"]').forEach((node, i) => node.setAttribute('aria-selected', String(i === chosen)));
      search.setAttribute('aria-activedescendant', `found-${chosen}`);
    } else if (event.key === 'Enter') {
      choose(Math.max(chosen, 0));
    } else if (event.key === 'Escape' && !list.hidden) {
      event.stopPropagation();
      expand(false);
    }
  });

  // ---- Tools, sheets, keys, paper --------------------------------------------------------------

  function home() {
    if (!page.extent) return;
    const [w, s, e, n] = page.extent;
    const beside = phone.matches
      ? { paddingTopLeft: [8, 120], paddingBottomRight: [8, 96] }
      : { paddingTopLeft: [16, 52], paddingBottomRight: [16, 32] };
    map.fitBounds([[s, w], [n, e]], { ...beside, animate: false });
  }

  const TOOLS = {
    near: async () => {
      const on = !picking;
      if (on && !(current && current.what === 'near')) {
        trail.length = 0;
        await open({ what: 'near', query: '' });
      }
      pick(on);
    },
    fit: home,
    print: () => window.print(),
    locate: () => navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        selection.clearLayers();
        const at = L.latLng(coords.latitude, coords.longitude);
        const spot = L.circle(at, { renderer: canvas, radius: coords.accuracy, color: '#1f4e5f', weight: 2, fill: false, interactive: false });
        spot.addTo(selection);
        bringIntoView(spot.getBounds());
      },
      () => announce(words.noPlace),
    ),
  };
  document.querySelectorAll('[data-tool]').forEach((button) => {
    button.addEventListener('click', TOOLS[button.dataset.tool]);
  });
  // Browsers tell the place only to pages of this machine or with a certificate.
  document.querySelector('[data-tool="locate"]').hidden = !(window.isSecureContext && navigator.geolocation && phone.matches);

  function sheet(on) {
    byId('layers').classList.toggle('open', on);
    document.querySelector('.top-layers').setAttribute('aria-expanded', String(on));
  }
  document.querySelectorAll('[data-toggle-layers]').forEach((button) => {
    button.addEventListener('click', () => sheet(!byId('layers').classList.contains('open')));
  });

  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    if (byId('layers').classList.contains('open')) sheet(false);
    else if (picking) pick(false);
    else close();
  });

  let before = null;
  window.addEventListener('beforeprint', () => {
    if (before) return;
    before = { centre: map.getCenter(), zoom: map.getZoom(), bounds: map.getBounds(), retina: L.Browser.retina, legend: byId('legend').open };
    document.body.classList.add('printing');
    byId('legend').open = true;
    byId('print-keys').replaceChildren(...[...wanted.on].map((slug) => {
      const line = document.createElement('li');
      const row = rowOf(slug);
      const mark = row.querySelector('.mark').cloneNode(true);
      const keys = row.querySelector('.keys');
      const title = document.createElement('strong');
      title.textContent = layers.get(slug).title;
      line.append(...(keys ? [title] : [mark, title]));
      return [line, ...(keys ? [...keys.children].map((key) => key.cloneNode(true)) : [])];
    }).flat());
    L.Browser.retina = true;                     // twice the points: paper is finer than a screen
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(before.bounds, { animate: false });
  });
  window.addEventListener('afterprint', () => {
    if (!before) return;
    document.body.classList.remove('printing');
    L.Browser.retina = before.retina;
    byId('legend').open = before.legend;
    map.invalidateSize({ animate: false, pan: false });
    map.setView(before.centre, before.zoom, { animate: false });
    before = null;
  });

  function announce(text) {
    byId('announce').textContent = text;
  }

  // ---- The view in the address ------------------------------------------------------------------

  let ready = false;

  function remember() {
    if (!ready || before) return;
    const centre = map.getCenter();
    const parts = new URLSearchParams();
    parts.set('fill', wanted.fill);
    parts.set('on', [...wanted.on].join(','));
    parts.set('at', `${centre.lat.toFixed(5)},${centre.lng.toFixed(5)},${map.getZoom()}`);
    if (current && current.what === 'near') parts.set('near', current.query || '');
    else if (current) parts.set('open', [current.what, current.slug || '', current.id].join('/'));
    window.history.replaceState(null, '', `#${parts}`);
  }

  function restore() {
    map.invalidateSize({ pan: false });
    const parts = new URLSearchParams(window.location.hash.slice(1));
    const inputs = [...document.querySelectorAll('.row input')];
    const first = inputs.filter((input) => input.hasAttribute('data-default')).map((input) => input.value);
    const slug = parts.has('fill') ? parts.get('fill') : first.find((value) => layers.get(value).fill) || '';
    const on = parts.has('on') ? parts.get('on').split(',') : first;
    for (const input of inputs) {
      const checked = input.type === 'radio' ? input.value === slug : on.includes(input.value);
      input.checked = checked;
      if (input.type === 'checkbox' && checked !== wanted.on.has(input.value)) tick(input.value, checked);
    }
    const filled = fill(layers.has(slug) && layers.get(slug).fill ? slug : '');
    const [lat, lng, zoom] = (parts.get('at') || '').split(',').map(Number);
    if (Number.isFinite(lat) && Number.isFinite(lng) && Number.isFinite(zoom)) map.setView([lat, lng], zoom, { animate: false });
    else home();
    ready = true;
    remember();
    filled.then(() => {
      const [what, from, ...id] = (parts.get('open') || '').split('/');
      if (OPENS.has(what)) open({ what, slug: from || undefined, id: id.join('/'), still: parts.has('at') });
      else if (parts.has('near')) open({ what: 'near', query: parts.get('near') });
    });
  }

  document.querySelectorAll('.row input').forEach((input) => {
    input.addEventListener('change', () => {
      if (input.type === 'radio') fill(input.value);
      else tick(input.value, input.checked);
    });
  });
  map.on('moveend', remember);
  map.on('zoomend', () => byId('content').classList.toggle('far', map.getZoom() < 10.5));
  window.addEventListener('hashchange', () => { if (window.location.hash.includes('=')) restore(); });

  L.control.zoom({ position: 'bottomright', zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut }).addTo(map);
  if (phone.matches) {
    byId('strip').open = false;
    byId('legend').open = false;
  }
  new ResizeObserver(() => { if (!before) map.invalidateSize({ pan: false }); }).observe(byId('content'));
  restore();
})();
