" codectxd in Vim 9. Copy this file to ~/.vim/plugin/codectxd.vim.
"
"   :Codectx where are dead workers replaced     asks a question; the answers go to the quickfix list
"   :CodectxSymbols Worker                       finds definitions by name
" Both ask with the command line, `codectxd`, about the repository around the file that you are in.
"
" With the plugin ALE, codectxd is also a language server of the kinds of files in g:codectxd_filetypes, beside those that you
" have: then what you type is found before you save it, and :ALESymbolSearch finds definitions, too.

let g:codectxd_filetypes = get(g:, 'codectxd_filetypes',
      \ ['python', 'javascript', 'typescript', 'go', 'rust', 'java', 'c', 'cpp', 'ruby', 'php', 'markdown'])

function! s:Root(buffer) abort
  let l:folder = expand('#' .. a:buffer .. ':p:h')
  let l:git = finddir('.git', escape(l:folder, ' ') .. ';')
  return empty(l:git) ? l:folder : fnamemodify(l:git, ':p:h:h')
endfunction

function! s:Ask(arguments) abort
  let l:root = s:Root(bufnr())
  let l:command = 'codectxd ' .. a:arguments .. ' --json ' .. shellescape(l:root) .. ' 2>/dev/null'
  let l:answer = system(l:command)
  if v:shell_error > 1
    echohl ErrorMsg | echomsg 'codectxd: say `codectxd doctor` in a terminal' | echohl None
    return {}
  endif
  return json_decode(l:answer)
endfunction

function! s:Show(title, items) abort
  call setqflist([], ' ', {'title': a:title, 'items': a:items})
  if empty(a:items)
    echomsg 'codectxd: nothing was found'
  else
    botright copen
  endif
endfunction

function! s:Item(uri, range, text) abort
  let l:path = substitute(substitute(a:uri, '^file://', '', ''), '%\(\x\x\)', '\=nr2char("0x" .. submatch(1))', 'g')
  return {'filename': l:path, 'lnum': a:range.start.line + 1, 'text': a:text}
endfunction

function! s:Search(query) abort
  let l:answer = s:Ask('search ' .. shellescape(a:query))
  let l:items = []
  for l:hit in get(l:answer, 'hits', [])
    let l:line = get(filter(split(l:hit.snippet, "\n"), 'v:val =~# "\\S"'), 0, '')
    let l:symbol = l:hit.symbol is v:null ? '' : l:hit.symbol .. ': '
    let l:unsaved = l:hit.unsaved ? '  (unsaved)' : ''
    call add(l:items, s:Item(l:hit.uri, l:hit.range, l:symbol .. trim(l:line) .. l:unsaved))
  endfor
  call s:Show(a:query, l:items)
endfunction

function! s:Symbols(name) abort
  let l:found = s:Ask('symbols ' .. shellescape(a:name))
  let l:items = []
  for l:symbol in type(l:found) == v:t_list ? l:found : []
    call add(l:items, s:Item(l:symbol.location.uri, l:symbol.location.range, l:symbol.name))
  endfor
  call s:Show('definitions of ' .. a:name, l:items)
endfunction

command! -nargs=+ Codectx call s:Search(<q-args>)
command! -nargs=+ CodectxSymbols call s:Symbols(<q-args>)

function! s:Attach() abort
  if !exists('g:loaded_ale')
    return
  endif
  for l:filetype in g:codectxd_filetypes
    call ale#linter#Define(l:filetype, {
          \ 'name': 'codectxd',
          \ 'lsp': 'stdio',
          \ 'executable': 'codectxd',
          \ 'command': '%e --stdio',
          \ 'project_root': function('s:Root'),
          \ })
  endfor
endfunction

augroup codectxd
  autocmd!
  autocmd VimEnter * call s:Attach()
augroup END
