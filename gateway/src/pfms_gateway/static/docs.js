// Renders /openapi.json: a menu by tag, and for each operation its parameters, body, answers and an example.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
let api = {};

function el(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function resolved(value) {
  if (!value || !value.$ref) return value;
  return value.$ref.slice(2).split("/").reduce((at, key) => at[key], api);
}

function typeOf(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  const several = schema.anyOf || schema.oneOf || schema.allOf;
  if (several) return several.map(typeOf).join(" | ");
  if (schema.type === "array") return `${typeOf(schema.items)}[]`;
  return [schema.type, schema.format].filter(Boolean).join(" ");
}

function example(given, seen = []) {
  const schema = resolved(given) || {};
  if (schema.examples?.length) return schema.examples[0];
  if (schema.example !== undefined) return schema.example;
  if (schema.default !== undefined && schema.default !== null) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const several = schema.oneOf || schema.anyOf || schema.allOf;
  if (several) return example(several[0], seen);
  if (seen.includes(schema)) return null;
  const below = [...seen, schema];
  if (schema.type === "array") return [example(schema.items, below)];
  if (schema.properties) {
    return Object.fromEntries(Object.entries(schema.properties).map(([name, of]) => [name, example(of, below)]));
  }
  const plain = { integer: 0, number: 0, boolean: true, string: "text", object: {}, null: null };
  const formats = { date: "2026-01-31", "date-time": "2026-01-31T12:00:00Z", uuid: "0193a5c2-7b1e-7000-8000-000000000000" };
  return formats[schema.format] ?? plain[schema.type] ?? null;
}

function table(heads, rows) {
  const head = el("tr", {}, ...heads.map((text) => el("th", { scope: "col", textContent: text })));
  const lines = rows.map((cells) => el("tr", {}, ...cells.map((cell) => el("td", {}, cell))));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, ...lines));
}

function code(text) {
  return el("code", { textContent: text });
}

// Words between backticks are code; nothing else of Markdown is written in descriptions.
function prose(text) {
  const parts = (text || "").split("`").map((part, n) => (n % 2 ? code(part) : part));
  return el("span", {}, ...parts);
}

function parametersOf(item, operation) {
  const all = [...(item.parameters || []), ...(operation.parameters || [])].map(resolved);
  if (!all.length) return [];
  const rows = all.map((one) => [
    code(one.name + (one.required ? "" : "?")),
    `${one.in} · ${typeOf(one.schema)}`,
    prose(one.description || one.schema?.description),
  ]);
  return [el("h4", { textContent: "Parameters" }), table(["Name", "Where and type", "Meaning"], rows)];
}

function fieldsOf(schema) {
  const whole = resolved(schema);
  const variants = whole?.oneOf || whole?.anyOf;
  if (variants) {
    return variants.map((one) => el("details", {}, el("summary", { textContent: typeOf(one) }), ...fieldsOf(one)));
  }
  if (!whole?.properties) return [el("p", { className: "quiet", textContent: typeOf(schema) })];
  const required = whole.required || [];
  const rows = Object.entries(whole.properties).map(([name, of]) => [
    code(name + (required.includes(name) ? "" : "?")),
    typeOf(of),
    prose(of.description || resolved(of)?.description),
  ]);
  return [table(["Field", "Type", "Meaning"], rows)];
}

function shown(content) {
  const kinds = Object.entries(content || {});
  return kinds.flatMap(([kind, media]) => {
    if (!media.schema) return [el("p", { className: "quiet", textContent: kind })];
    const given = media.example ?? Object.values(media.examples || {})[0]?.value ?? example(media.schema);
    const text = JSON.stringify(given, null, 2);
    const sample = kind.includes("json")
      ? el("details", {}, el("summary", { textContent: "Example" }), el("pre", {}, el("code", { textContent: text })))
      : null;
    return [el("p", { className: "quiet", textContent: `${kind} · ${typeOf(media.schema)}` }), ...fieldsOf(media.schema), sample];
  });
}

function bodyOf(operation) {
  const body = resolved(operation.requestBody);
  return body ? [el("h4", { textContent: "Body" }), ...shown(body.content)] : [];
}

function answersOf(operation) {
  const answers = Object.entries(operation.responses || {}).map(([status, of]) => [status, resolved(of)]);
  const good = answers.filter(([status]) => status < "400");
  const bad = answers.filter(([status]) => status >= "400");
  const refusals = table(["Status", "Meaning"], bad.map(([status, of]) => [code(status), prose(of.description)]));
  return [
    ...good.flatMap(([status, of]) => [
      el("h4", { textContent: `Answer ${status}` }),
      el("p", {}, prose(of.description)),
      ...shown(of.content),
    ]),
    bad.length ? el("details", {}, el("summary", { textContent: "Refusals (application/problem+json)" }), refusals) : null,
  ];
}

function curl(method, path, operation) {
  const base = location.origin + (api.servers?.[0]?.url || "");
  const lines = [`curl -X ${method.toUpperCase()} '${base}${path}'`];
  if ((operation.security ?? api.security)?.length) lines.push("-H \"Authorization: Bearer $TOKEN\"");
  const json = resolved(operation.requestBody)?.content?.["application/json"];
  const names = (operation.parameters || []).map((one) => resolved(one).name);
  if (names.includes("Idempotency-Key")) lines.push("-H \"Idempotency-Key: $(uuidgen)\"");
  if (names.includes("If-Match")) lines.push("-H 'If-Match: \"1\"'");
  if (json) lines.push("-H 'Content-Type: application/json'", `-d '${JSON.stringify(json.example ?? example(json.schema))}'`);
  return el("pre", {}, el("code", { textContent: lines.join(" \\\n  ") }));
}

function sectionOf({ id, method, path, item, operation }) {
  const badge = el("span", { className: `method ${method}`, textContent: method.toUpperCase() });
  return el(
    "section",
    { id },
    el("h3", {}, badge, path),
    el("p", { textContent: operation.summary || "" }),
    operation.description ? el("p", {}, prose(operation.description)) : null,
    ...parametersOf(item, operation),
    ...bodyOf(operation),
    ...answersOf(operation),
    el("h4", { textContent: "Call" }),
    curl(method, path, operation),
  );
}

function operations() {
  return Object.entries(api.paths || {}).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({
      id: `${method}${path}`.replace(/[^a-z0-9]+/gi, "-"),
      method, path, item, operation: item[method],
      tag: item[method].tags?.[0] || "other",
    })));
}

function render(words) {
  const wanted = operations().filter((one) =>
    `${one.method} ${one.path} ${one.operation.summary || ""} ${one.tag}`.toLowerCase().includes(words.toLowerCase()));
  const tags = [...new Set(wanted.map((one) => one.tag))];
  const menu = tags.flatMap((tag) => [
    el("h2", { textContent: tag }),
    ...wanted.filter((one) => one.tag === tag).map((one) =>
      el("a", { className: "item", href: `#${one.id}`, textContent: `${one.method.toUpperCase()} ${one.path}` })),
  ]);
  document.getElementById("menu").replaceChildren(...menu);
  const head = [el("h1", { textContent: `${api.info.title} API` }), el("p", {}, prose(api.info.description))];
  const sections = tags.flatMap((tag) => wanted.filter((one) => one.tag === tag).map(sectionOf));
  document.getElementById("content").replaceChildren(...head, ...sections);
}

async function start() {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) {
    document.getElementById("wait").textContent = `The document cannot be read just now (${answer.status}); reload the page.`;
    return;
  }
  api = await answer.json();
  render("");
  document.getElementById("filter").addEventListener("input", (event) => render(event.target.value));
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

start();
