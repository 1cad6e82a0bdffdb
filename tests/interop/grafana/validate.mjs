// Holds dashboards against the schema that Grafana publishes as types: the dashboard itself, and each panel's options and fields.
//
// node validate.mjs FOLDER
//
// Prints a report as JSON. Exit code 0 when all hold, 1 when one does not, 64 for wrong words.

import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node validate.mjs FOLDER');
  process.exit(64);
}
const here = dirname(fileURLToPath(import.meta.url));
const types = join(here, 'node_modules/@grafana/schema/dist/types/raw');

// A check of one published type. A key that the type does not have fails.
function checker(file, type, change = (schema) => schema) {
  const generator = createGenerator({
    path: join(types, file), type, tsconfig: join(here, 'tsconfig.json'), skipTypeCheck: true, additionalProperties: false, topRef: false,
  });
  return new Ajv({ allErrors: true, strict: false }).compile(change(generator.createSchema(type)));
}

// Grafana fills a panel's options up with its defaults: what is left out is right, what is there must be right.
function partial(schema) {
  if (Array.isArray(schema)) return schema.map(partial);
  if (schema === null || typeof schema !== 'object') return schema;
  return Object.fromEntries(
    Object.entries(schema).filter(([key, value]) => key !== 'required' || !Array.isArray(value))
      .map(([key, value]) => [key, partial(value)]),
  );
}

const dashboardHolds = checker('dashboard/x/types.gen.d.ts', 'Dashboard');
const kinds = new Map();
function kind(name) {
  if (!kinds.has(name)) {
    const file = `composable/${name}/panelcfg/x/types.gen.d.ts`;
    // A panel that draws no fields, such as a text, publishes no type for them.
    const fields = readFileSync(join(types, file), 'utf8').includes('interface FieldConfig');
    kinds.set(name, { options: checker(file, 'Options', partial), fields: fields && checker(file, 'FieldConfig', partial) });
  }
  return kinds.get(name);
}

const report = { dashboards: 0, panels: 0, wrong: [] };
function judge(where, holds, value) {
  if (holds(value)) return;
  for (const { instancePath, message, params } of holds.errors) report.wrong.push({ where, at: instancePath, message, params });
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  const dashboard = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  report.dashboards += 1;
  judge(file, dashboardHolds, dashboard);
  for (const panel of dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])])) {
    if (panel.type === 'row') continue;
    report.panels += 1;
    const { options, fields } = kind(panel.type);
    const where = `${file}: ${panel.title}`;
    judge(where, options, panel.options ?? {});
    if (fields) judge(where, fields, panel.fieldConfig?.defaults?.custom ?? {});
  }
}
console.log(JSON.stringify(report, null, 2));
process.exitCode = report.wrong.length === 0 ? 0 : 1;
