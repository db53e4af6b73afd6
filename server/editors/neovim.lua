-- codectxd in Neovim 0.11 or later. Copy this file to ~/.config/nvim/lua/codectxd.lua and say `require('codectxd')` in init.lua.
--
-- It starts `codectxd --stdio` for every file inside a git repository, beside whatever other language servers are attached:
--   :Codectx where are dead workers replaced     asks a question; the answers go to the quickfix list
--   :Codectx! where are dead workers replaced    the same, as a picker (vim.ui.select: your picker plugin, if you have one)
--   :CodectxSymbols Worker                       finds definitions by name; :CodectxSymbols! for a picker
--   :CodectxSimilar                              finds code like that around the cursor; :CodectxSimilar! for a picker
--   :CodectxStatus                               says what is indexed
-- Without a question, :Codectx asks for one. For a key of your own:
--   vim.keymap.set('n', '<leader>s', '<Cmd>Codectx!<CR>')
-- What you type is searchable before you save it. Neovim tells codectxd nothing about other files; its daemon watches them itself.

local M = {}

local LIMIT = 20 -- Hits of one answer.

vim.lsp.config('codectxd', {
  cmd = { 'codectxd', '--stdio' },
  root_markers = { '.git' },
  workspace_required = true, -- A file outside a repository would otherwise start a server on the folder Neovim was started in.
})
vim.lsp.enable('codectxd')

local function notify(text, level)
  vim.notify('codectxd: ' .. text, level or vim.log.levels.INFO)
end

-- The server of this buffer, or of any.
local function server()
  local client = vim.lsp.get_clients({ name = 'codectxd', bufnr = 0 })[1] or vim.lsp.get_clients({ name = 'codectxd' })[1]
  if not client then
    notify('open a file of a git repository first', vim.log.levels.WARN)
  end
  return client
end

-- Whether this server, which may be older than this file, answers `method`.
local function offers(client, method)
  local experimental = client.server_capabilities.experimental or {}
  return vim.list_contains(experimental.codectx or {}, method)
end

local asked -- The request under way, as a function that ends it: of two questions only the later one is answered.

local function ask(client, method, params, show)
  if asked then
    asked()
  end
  local this
  local sent, id = client:request(method, params, function(problem, answer)
    if this ~= asked then
      return
    end
    asked = nil
    if problem then
      return notify(problem.message, vim.log.levels.ERROR)
    end
    show(answer)
  end)
  if sent then
    this = function()
      client:cancel_request(id)
    end
    asked = this
  end
end

-- The line of a hit to go to, counted from its first, and its text: one that holds `names[1]` as a word, or else the next of them,
-- or else the first that says something. A definition may stand below its comment, and small ones share a hit.
local function telling(hit, names)
  local lines = vim.split(hit.snippet, '\n', { plain = true })
  local patterns = vim.tbl_map(function(name)
    return '%f[%w_]' .. vim.pesc(name) .. '%f[^%w_]'
  end, names)
  for _, pattern in ipairs(vim.list_extend(patterns, { '%S' })) do
    for at, line in ipairs(lines) do
      if line:find(pattern) then
        return at, line
      end
    end
  end
  return 1, ''
end

-- One quickfix entry for each hit of `query`.
local function of_hit(hit, query)
  local symbol = hit.symbol ~= vim.NIL and hit.symbol or nil
  local names = vim.list_extend(query:match('^[%w_]+$') and { query } or {}, symbol and { symbol:match('[^.]*$') } or {})
  local at, line = telling(hit, names)
  return {
    filename = vim.uri_to_fname(hit.uri),
    lnum = hit.range.start.line + at,
    end_lnum = hit.range['end'].line,
    text = (symbol and symbol .. ': ' or '') .. vim.trim(line) .. (hit.unsaved and '  (unsaved)' or ''),
  }
end

local function of_hits(hits, query)
  return vim.tbl_map(function(hit)
    return of_hit(hit, query)
  end, hits)
end

local function of_symbol(symbol, client)
  local item = vim.lsp.util.locations_to_items({ symbol.location }, client.offset_encoding)[1]
  local container = symbol.containerName
  local inside = container and container ~= vim.NIL and container ~= '' and container .. '.' or ''
  item.text = ('%s %s%s'):format((vim.lsp.protocol.SymbolKind[symbol.kind] or 'Symbol'):lower(), inside, symbol.name)
  return item
end

-- What an answer does not cover yet, such as while a folder is indexed for the first time.
local function note(freshness)
  if freshness.words < 1 or freshness.vectors < 1 then
    notify(('%d %% of the files can be found by words so far, %d %% by meaning'):format(
      math.floor(100 * freshness.words),
      math.floor(100 * freshness.vectors)
    ))
  end
end

local function pick(title, items)
  vim.ui.select(items, {
    prompt = title,
    kind = 'codectxd',
    format_item = function(item)
      return ('%s:%d  %s'):format(vim.fn.fnamemodify(item.filename, ':.'), item.lnum, item.text)
    end,
  }, function(item)
    if item then
      vim.cmd("normal! m'") -- So that Ctrl-O comes back.
      vim.cmd.edit(vim.fn.fnameescape(item.filename))
      vim.api.nvim_win_set_cursor(0, { math.min(item.lnum, vim.api.nvim_buf_line_count(0)), math.max((item.col or 1) - 1, 0) })
    end
  end)
end

local function list(title, items)
  vim.fn.setqflist({}, ' ', { title = title, items = items })
  vim.cmd('botright copen')
end

local function show(title, items, options)
  if #items == 0 then
    notify('nothing was found')
  elseif options.pick then
    pick(title, items)
  else
    list(title, items)
  end
end

-- Asks `query`, in plain words or in those of the code. `options.pick` chooses a picker instead of the quickfix list.
function M.search(query, options)
  local client = server()
  if client then
    ask(client, 'codectx/search', { query = query, limit = LIMIT }, function(answer)
      show(query, of_hits(answer.hits, query), options or {})
      note(answer.freshness)
    end)
  end
end

-- Finds definitions whose name holds, or has the letters of, `query`.
function M.symbols(query, options)
  local client = server()
  if client then
    ask(client, 'workspace/symbol', { query = query }, function(found)
      local function item(symbol)
        return of_symbol(symbol, client)
      end
      show('definitions of ' .. query, vim.tbl_map(item, found or {}), options or {})
    end)
  end
end

-- Finds code like that around the cursor, or like the lines `options.first` to `options.last`.
function M.similar(options)
  options = options or {}
  local client = server()
  if not client then
    return
  elseif not offers(client, 'codectx/similar') then
    return notify('this server does not look for similar code: a newer one does', vim.log.levels.WARN)
  end
  local first = (options.first or vim.fn.line('.')) - 1
  local params = {
    uri = vim.uri_from_bufnr(0),
    line = first,
    limit = LIMIT,
  }
  ask(client, 'codectx/similar', params, function(answer)
    show(('like line %d'):format(first + 1), of_hits(answer.hits, ''), options)
    note(answer.freshness)
  end)
end

-- Says what is indexed, and what is not yet.
function M.status()
  local client = server()
  if client then
    ask(client, 'codectx/status', vim.empty_dict(), function(status)
      local lines = vim.tbl_map(function(one)
        return ('%s  %s: %d files, %d to be looked at, %d left out'):format(one.root, one.phase, one.files, one.pending, one.skipped)
      end, status.workspaces)
      notify(('version %s\n%s'):format(status.version, table.concat(lines, '\n')))
    end)
  end
end

local function command(name, ask_about, run, desc)
  vim.api.nvim_create_user_command(name, function(given)
    local options = { pick = given.bang }
    if given.args ~= '' then
      return run(given.args, options)
    end
    vim.ui.input({ prompt = ask_about }, function(text)
      if text and text ~= '' then
        run(text, options)
      end
    end)
  end, { nargs = '*', bang = true, desc = desc })
end

command('Codectx', 'Ask the code base: ', M.search, 'Ask the code base a question')
command('CodectxSymbols', 'Definitions named: ', M.symbols, 'Find definitions by name')

vim.api.nvim_create_user_command('CodectxSimilar', function(given)
  M.similar({ pick = given.bang, first = given.range > 0 and given.line1 or nil })
end, { bang = true, range = true, desc = 'Find code like that around the cursor' })

vim.api.nvim_create_user_command('CodectxStatus', M.status, { desc = 'Say what codectxd has indexed' })

return M
