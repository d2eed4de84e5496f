// Assembles LookML projects with the npm package lookml-parser, which shares no code with entente, and looks at what
// comes out by the rules that Looker teams lint with: K3 K4 K7 E1 E2 E6 E7 F1 F2 F4 T1 W1 of the linter LAMS.
//
// Arguments are folders, each a project. Prints what is wrong, one line each, and exits with 1; else what was read.
'use strict'

const fs = require('fs')
const path = require('path')
const parser = require(path.join(process.env.LOOKML_TOOLS, 'node_modules/lookml-parser'))

const KINDS = ['dimension', 'dimension_group', 'measure', 'filter', 'parameter']
const values = (object) =>
  Object.entries(object || {}).filter(([name]) => !name.startsWith('$')).map(([, value]) => value)
const references = (sql) => [...String(sql).matchAll(/\$\{([^}]+)\}/g)].map((match) => match[1])

/** Gathers every error that the parser left in the tree. */
function errors(node, at, found) {
  if (node === null || typeof node !== 'object') return
  for (const [key, value] of Object.entries(node)) {
    if (key === 'error' || key === 'errors' || key === '$error') found.push(`${at}: ${JSON.stringify(value).slice(0, 200)}`)
    else errors(value, `${at}/${key}`, found)
  }
}

/** All texts below a node that may hold references. */
function texts(node, found = []) {
  for (const [key, value] of Object.entries(node || {})) {
    if (typeof value === 'string' && (key.startsWith('sql') || key === 'html')) found.push(value)
    else if (value && typeof value === 'object') texts(value, found)
  }
  return found
}

function checkView(view, wrong) {
  const keys = values(view.dimension).filter((dimension) => dimension.primary_key)
  if (keys.length > 1) wrong(`K7: view ${view.$name} has ${keys.length} primary keys`)
  const [first] = values(view.dimension)
  for (const key of keys) {
    if (key !== first) wrong(`K3: primary key ${view.$name}.${key.$name} is not first`)
    // A key that people declared as a dimension, such as the code of a depot, is meant to be seen.
    if (!key.hidden && !key.description) wrong(`K4: primary key ${view.$name}.${key.$name} is visible`)
  }
  for (const kind of KINDS) {
    for (const field of values(view[kind])) {
      const name = `${view.$name}.${field.$name}`
      if (field.view_label) wrong(`F2: ${name} has a view_label`)
      if (!field.hidden && !field.description) wrong(`F4: ${name} is visible and has no description`)
    }
  }
}

/** A view file names fields of its own view only. */
function checkOwnFields(file, name, wrong) {
  for (const view of values(file.view)) {
    const named = texts(view).flatMap(references).filter((reference) => reference.includes('.'))
    const filtered = values(view.measure).flatMap((measure) => Object.keys(measure.filters || {}))
    for (const reference of named.concat(filtered.filter((field) => field.includes('.')))) {
      const owner = reference.split('.')[0]
      if (owner !== view.$name && owner !== 'TABLE') wrong(`F1: ${name} names ${reference}`)
    }
  }
}

function checkExplore(model, explore, wrong) {
  // Words of people stay as they are; below a heading, a label says which times an explore speaks of.
  const view = model.view[explore.view_name]
  const isOwn = !explore.group_label && !(view && view.label === explore.label)
  if (isOwn && explore.label && [...explore.label].length > 25) wrong(`E7: the label of explore ${explore.$name} is too long`)
  for (const join of values(explore.join)) {
    const at = `join ${explore.$name}.${join.$name}`
    if (String(join.sql_on).includes('${TABLE}')) wrong(`E1: ${at} names \${TABLE}`)
    if (!join.relationship || !join.type) wrong(`E6: ${at} says no relationship or type`)
    const view = model.view[join.from || join.$name]
    const key = view && values(view.dimension).find((dimension) => dimension.primary_key)
    // A key of several columns is joined column by column, a version by its time.
    const isPlain = key && !String(key.sql).includes('CONCAT') && !/\|\|/.test(String(key.sql))
    const names = references(join.sql_on).filter((reference) => reference.startsWith(`${join.$name}.`))
    if (isPlain && !names.some((reference) => reference.split('.')[1] === key.$name)) {
      wrong(`E2: ${at} is not on the primary key ${key.$name}`)
    }
  }
}

function checkText(text, name, wrong) {
  if (!text.endsWith('\n') || text.includes('\r') || text.includes('\t')) wrong(`W1: ${name} has other line ends or tabs`)
  for (const line of text.split('\n')) {
    if (line !== line.trimEnd()) wrong(`W1: ${name} has blanks at the end of a line`)
  }
}

async function check(folder) {
  const found = []
  const wrong = (message) => found.push(`${folder}: ${message}`)
  const project = await parser.parseFiles({
    cwd: folder,
    source: '**/*.lkml',
    fileOutput: 'by-name',
    transformations: { applyExtensionsRefinements: true },
    console: { ...console, warn() {}, log() {} },
  })
  errors(project, folder, found)
  const models = values(project.model)
  if (models.length === 0) wrong('there is no model')
  for (const model of models) {
    if (!model.persist_with) wrong(`T1: model ${model.$name} has no persist_with`)
    values(model.view).forEach((view) => checkView(view, wrong))
    values(model.explore).forEach((explore) => checkExplore(model, explore, wrong))
  }
  const lkml = fs.readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.lkml'))
  for (const name of lkml) {
    const text = fs.readFileSync(path.join(folder, name), 'utf8')
    checkText(text, name, wrong)
    if (name.startsWith('views/') && !name.startsWith('views/joined/')) checkOwnFields(parser.parse(text), name, wrong)
  }
  const explores = models.flatMap((model) => values(model.explore)).length
  return { found, files: lkml.length, explores }
}

async function main() {
  const results = []
  for (const folder of process.argv.slice(2)) results.push(await check(folder))
  const found = results.flatMap((result) => result.found)
  const sum = (key) => results.reduce((total, result) => total + result[key], 0)
  console.log(found.join('\n') || `lookml-parser assembles ${results.length} projects of ${sum('files')} files and ${sum('explores')} explores`)
  process.exit(found.length === 0 ? 0 : 1)
}

main()
