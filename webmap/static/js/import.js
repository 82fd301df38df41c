// The page of an upload: where the first rows lie.
"use strict";

(function () {
  async function draw(box) {
    const map = L.map(box, { attributionControl: false, zoomSnap: 0.5, fadeAnimation: false });
    map.setView([31.72, 119.37], 11); // the town, until it is known where the rows lie
    L.control.scale({ imperial: false }).addTo(map);
    const [areas, rows] = await Promise.all(
      [box.dataset.areas, box.dataset.rows].map((address) => fetch(address).then((answer) => answer.json()))
    );
    const style = getComputedStyle(box);
    const colour = (name) => style.getPropertyValue(name).trim();
    const ground = L.geoJSON(areas, { interactive: false, style: { color: colour("--line-strong"), weight: 1, fillOpacity: 0.04 } }).addTo(map);
    const looks = {
      read: { color: colour("--late"), weight: 2, radius: 5, fillOpacity: 0.25 },
      proposed: { color: colour("--bar"), weight: 2, radius: 5, fillOpacity: 0.8 },
    };
    const first = new Map();
    const shown = L.geoJSON(rows, {
      style: (feature) => looks[feature.properties.which],
      pointToLayer: (feature, at) => L.circleMarker(at, looks[feature.properties.which]),
      onEachFeature: (feature, layer) => {
        const text = document.createElement("span");
        text.textContent = `${feature.properties.row} ${feature.properties.name || feature.properties.code || ""}`;
        layer.bindTooltip(text);
        const at = layer.getLatLng ? layer.getLatLng() : layer.getBounds().getCenter();
        if (first.has(feature.properties.row)) {
          L.polyline([first.get(feature.properties.row), at], { color: colour("--ink-quiet"), weight: 1, dashArray: "3 3", interactive: false }).addTo(map);
        } else {
          first.set(feature.properties.row, at);
        }
      },
    }).addTo(map);
    const bounds = shown.getLayers().length ? shown.getBounds() : ground.getBounds();
    if (bounds.isValid()) { map.fitBounds(bounds.pad(0.2), { maxZoom: 16, animate: false }); }
    const said = document.getElementById("preview-said");
    if (!shown.getLayers().length) { said.textContent = said.dataset.none; }
  }

  const box = document.getElementById("preview");
  if (box) { draw(box); }
})();
