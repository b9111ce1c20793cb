// Reads a workflow as GitHub does and prints its mistakes, one a line: node workflow_reader.mjs
// NODE_MODULES FILE. NODE_MODULES is where scripts/setup unpacked what npm has.
import fs from "node:fs";
import { register } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [, , packages, workflow] = process.argv;
// The parser is made for bundlers, which need not be told what is JSON.
const hooks = `export async function resolve(specifier, context, next) {
    const found = await next(specifier, context);
    return found.url.endsWith(".json") ? { ...found, importAttributes: { type: "json" } } : found;
}`;
register("data:text/javascript," + encodeURIComponent(hooks));
const parser = path.resolve(packages, "@actions/workflow-parser/dist/index.js");
const { parseWorkflow, convertWorkflowTemplate, NoOperationTraceWriter } = await import(
    pathToFileURL(parser).href
);
const file = { name: workflow, content: fs.readFileSync(workflow, "utf8") };
const { context, value } = parseWorkflow(file, new NoOperationTraceWriter());
if (value) await convertWorkflowTemplate(context, value);
for (const mistake of context.errors.getErrors()) console.log(mistake.message);
