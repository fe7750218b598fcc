// Runs the examples of docs/capacity.md anew and writes what they print below them: npm run build && node scripts/make-plan-examples.mjs
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const path = new URL('../docs/capacity.md', import.meta.url)
const program = fileURLToPath(new URL('../dist/ops/main.js', import.meta.url))
const example = /```console\n\$ npx sluice (.*)\n[\s\S]*?```/g
const made = readFileSync(path, 'utf8').replaceAll(example, (_block, words) => {
  const printed = execFileSync(process.execPath, [program, ...words.split(' ')], { encoding: 'utf8' })
  return `\`\`\`console\n$ npx sluice ${words}\n${printed}\`\`\``
})
writeFileSync(path, made)
