;;; codectxd in Emacs, through eglot: part of Emacs 29 and later, a package before.  -*- lexical-binding: t; -*-

;; Load this file, visit a file of the project, and say:
;;   M-x codectxd-connect                                attaches `codectxd --stdio' to this project's files of this kind
;;   M-x codectxd-search RET where are dead workers replaced RET
;;   M-x codectxd-symbols RET Worker RET                 finds definitions by name
;; The answers come in a buffer in which RET and `next-error' go to them.  What you type is found before you save it.
;;
;; Eglot gives each major mode of a project one server.  So this suits kinds of files for which you use no other server; beside
;; one, ask from a terminal with `codectxd search', which shares the same index.

(require 'eglot)
(require 'grep)
(require 'seq)
(require 'url-util)

(defun codectxd-connect ()
  "Manage the files of this project and major mode with codectxd."
  (interactive)
  (let ((eglot-server-programs `((,major-mode . ("codectxd" "--stdio")))))
    (call-interactively #'eglot)))

(defun codectxd-search (query)
  "Ask QUERY, in plain words, about the project, and list the answers."
  (interactive "sAsk the code base: ")
  (let* ((answer (codectxd--ask :codectx/search (list :query query :limit 20)))
         (hits (append (plist-get answer :hits) nil)))
    (codectxd--list query (mapcar (lambda (hit) (codectxd--hit-line hit query)) hits))
    (message "codectxd: %d hits%s" (length hits) (codectxd--note (plist-get answer :freshness)))))

(defun codectxd-symbols (name)
  "List the definitions of the project whose name holds, or has the letters of, NAME."
  (interactive "sDefinitions named: ")
  (let ((found (append (codectxd--ask :workspace/symbol (list :query name)) nil)))
    (codectxd--list (concat "definitions of " name) (mapcar #'codectxd--symbol-line found))
    (message "codectxd: %d definitions" (length found))))

(defun codectxd--ask (method params)
  "The answer of this buffer's server to METHOD with PARAMS."
  (let ((server (or (eglot-current-server) (user-error "Say M-x codectxd-connect first"))))
    ;; Eglot tells of edits when Emacs is idle, and of those that a question is about it is to tell before.
    (when (fboundp 'eglot--signal-textDocument/didChange)
      (eglot--signal-textDocument/didChange))
    (jsonrpc-request server method params)))

(defun codectxd--list (title lines)
  "Show LINES, which are as grep has them, under TITLE."
  (with-current-buffer (get-buffer-create "*codectxd*")
    (let ((inhibit-read-only t))
      (erase-buffer)
      (insert title "\n\n")
      (dolist (line lines)
        (insert line "\n")))
    (grep-mode)
    (goto-char (point-min))
    (setq next-error-last-buffer (current-buffer))
    (display-buffer (current-buffer))))

(defun codectxd--hit-line (hit query)
  "HIT as grep shows a match: file, line, and the line that says most about QUERY."
  (let* ((lines (split-string (plist-get hit :snippet) "\n"))
         (symbol (plist-get hit :symbol))
         (name (and symbol (car (last (split-string symbol "\\.")))))
         (at (or (and (string-match-p "\\`[A-Za-z0-9_]+\\'" query) (codectxd--line-with query lines))
                 (and name (codectxd--line-with name lines))
                 (seq-position lines "[^ \t\r]" (lambda (line pattern) (string-match-p pattern line)))
                 0)))
    (codectxd--line (plist-get hit :uri)
                    (+ at (plist-get (plist-get (plist-get hit :range) :start) :line))
                    (concat (if symbol (concat symbol ": ") "")
                            (string-trim (nth at lines))
                            (if (eq t (plist-get hit :unsaved)) "  (unsaved)" "")))))

(defun codectxd--line-with (name lines)
  "Which of LINES holds NAME as a word, counted from 0, or nil."
  (let ((case-fold-search nil))
    (seq-position lines (concat "\\_<" (regexp-quote name) "\\_>")
                  (lambda (line pattern) (string-match-p pattern line)))))

(defun codectxd--symbol-line (symbol)
  "SYMBOL as grep shows a match."
  (let* ((location (plist-get symbol :location))
         (container (plist-get symbol :containerName)))
    (codectxd--line (plist-get location :uri)
                    (plist-get (plist-get (plist-get location :range) :start) :line)
                    (if (and container (not (string-empty-p container)))
                        (concat container "." (plist-get symbol :name))
                      (plist-get symbol :name)))))

(defun codectxd--line (uri line text)
  "TEXT at LINE, counted from 0, of the file that URI names."
  (format "%s:%d: %s" (decode-coding-string (url-unhex-string (string-remove-prefix "file://" uri)) 'utf-8) (1+ line) text))

(defun codectxd--note (freshness)
  "What an answer with FRESHNESS does not cover yet."
  (let ((words (plist-get freshness :words)))
    (if (< words 1) (format " (%d %% of the files can be found so far)" (floor (* 100 words))) "")))

(provide 'codectxd)
;;; emacs.el ends here
