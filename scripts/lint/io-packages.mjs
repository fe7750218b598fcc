import { importVisitors, pathInProject } from './imports.mjs'

/**
 * A package that does IO is imported by one file, so that its traps are known in one place. `options[0]` maps a package to the files that may:
 * `{"lmdb": ["cluster/lmdb-environment.ts"]}`.
 */
export const ioPackages = {
  meta: { schema: [{ type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } } }] },
  create(context) {
    const owners = context.options[0] ?? {}
    const path = pathInProject(context)
    return importVisitors((node, specifier) => {
      const name = packageOf(specifier)
      const files = Object.hasOwn(owners, name) ? owners[name] : undefined
      if (files === undefined || files.includes(path)) return
      context.report({ node, message: `Only ${files.join(' and ')} may import ${name}; this file goes through it.` })
    })
  },
}

function packageOf(specifier) {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]
}
