# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Makes what the definitions say into what compilers, manuals and shells read.
# POSIX awk; scripts/generate.sh calls it for each file that is generated.
#
#	awk -f generate.awk -v kind=KIND *.def > OUTPUT
#	awk -f generate.awk -v kind=man *.def doc/PAGE.in > doc/PAGE
#
# KIND is one of:
#
#	format.h        include/modhash/format.h
#	kernel.h        kernel/module_hashes_format.h
#	codes.h         include/modhash/codes.h
#	codes-tables.h  lib/codes-tables.h
#	options.h       tools/options-gen.h
#	options.c       tools/options-gen.c
#	bash            completions/modhash
#	man             a manual page, of its template
#
# A template is an mdoc(7) page in which a line of its own may be one of
#
#	@SYNOPSIS VERB@      .Nm, the verb, its options and operands
#	@OPTIONS VERB@       a list of the options of that verb alone
#	@COMMON_OPTIONS@     a list of the options that every verb takes
#	@VERBS@              a list of the verbs, each with its page and help line
#	@FIELDS STRUCT@      a list of a record's fields: offset, type, name, text
#	@CONSTS WHAT@        a list of constants: those of the group with the title WHAT, or
#	                     else those whose names begin with WHAT
#	@ERRORS@             a list of the error codes
#	@REASONS@            a list of the reasons of verdicts, with what to do about each
#	@INCLUDE FILE@       a file's text as it is; its path from the top of the source tree
#
# and in which @VERSION@ and @DATE@ may stand anywhere.  The text of a definition
# becomes a sentence: a capital at its beginning, a full stop at its end; what is
# more than the help line ('|' in the definitions) is taken over as it is.
#
# The grammar of a definitions file is in its head comment.

function die(message)
{
	printf "%s:%d: %s\n", FILENAME, FNR, message > "/dev/stderr"
	failed = 1
	exit 1
}

# --- reading -------------------------------------------------------------------

# The words of a line from the n-th on.
function rest(line, n)
{
	while (n-- > 1)
		sub(/^[^ \t]+[ \t]*/, "", line)
	return line
}

function known(name, what)
{
	if (name in seen)
		die(what " " name " clashes with " seen[name])
	seen[name] = what
}

function type_size(type,  base, times)
{
	base = type
	times = 1
	if (match(type, /\[[0-9]+\]$/)) {
		base = substr(type, 1, RSTART - 1)
		times = substr(type, RSTART + 1, RLENGTH - 2) + 0
	}
	if (!(base in bytes_of) || times < 1)
		die("unknown type " type)
	return bytes_of[base] * times
}

function type_base(type)
{
	sub(/\[.*$/, "", type)
	return type
}

function type_array(type)
{
	return match(type, /\[[0-9]+\]$/) ? substr(type, RSTART) : ""
}

function read_field(type, name,  size, align)
{
	if (structure == "")
		die("field outside of a struct")
	size = type_size(type)
	align = bytes_of[type_base(type)]
	if (offset % align)
		die("field " name " at " offset " is not aligned to " align)
	if (align > largest)
		largest = align
	known("MODHASH_" toupper(structure) "_" toupper(name), "field")
	fields[structure]++
	item = structure SUBSEP fields[structure]
	field_type[item] = type
	field_name[item] = name
	field_offset[item] = offset
	offset += size
	text_of = "field"
}

function read_end()
{
	if (structure == "")
		die("end outside of a struct")
	if (offset != struct_size[structure])
		die("struct " structure " has " offset " bytes, not " struct_size[structure])
	if (offset % largest)
		die("struct " structure " would be padded to a multiple of " largest)
	structure = ""
	text_of = ""
}

function read_option(  words, count, i, spec)
{
	if (NF != 5)
		die("option wants four words")
	if ($2 in option_long)
		die("option " $2 " is there already")
	if ($3 !~ /^--[a-z0-9-]+$/ || ($4 != "-" && $4 !~ /^-[A-Za-z0-9]$/))
		die("option " $2 ": not a long and a short name")
	item = $2
	option_id[++options] = item
	option_long[item] = substr($3, 3)
	option_short[item] = $4 == "-" ? "" : substr($4, 2)
	spec = $5 == "-" ? "" : $5
	if (spec ~ /\.\.\.$/) {
		option_many[item] = 1
		spec = substr(spec, 1, length(spec) - 3)
	}
	if (index(spec, "=")) {
		option_choices[item] = substr(spec, index(spec, "=") + 1)
		spec = substr(spec, 1, index(spec, "=") - 1)
	}
	option_arg[item] = spec
	text_of = "option"
}

function read_uses(  i)
{
	if (verb == "")
		die("uses belongs under a verb or common")
	for (i = 2; i <= NF; i++) {
		if (!($i in option_long))
			die("no option " $i)
		verb_option[verb, ++verb_options[verb]] = $i
	}
}

function add_text(text)
{
	if (text_of == "")
		die("text that belongs to nothing")
	if (text_of == "group" || text_of == "const" || text_of == "struct" ||
	    text_of == "field" || text_of == "error" || text_of == "reason" ||
	    text_of == "option" || text_of == "verb")
		help[text_of, item] = help[text_of, item] (help[text_of, item] == "" ? "" : " ") text
}

BEGIN {
	bytes_of["u8"] = 1
	bytes_of["le16"] = 2
	bytes_of["le32"] = bytes_of["be32"] = 4
	bytes_of["le64"] = 8
	order_of["le16"] = order_of["le32"] = order_of["le64"] = "little-endian"
	order_of["be32"] = "big-endian"
	TAB = "\t"
}

FILENAME !~ /\.def$/ { template[++template_lines] = $0; template_name = FILENAME; next }

/^#/ || /^[ \t]*$/ { next }
/^: / { add_text(substr($0, 3)); next }
/^\| / { more[item] = more[item] substr($0, 3) "\n"; next }

$1 == "release" { version = $2; text_of = ""; next }
$1 == "date" { date = rest($0, 2); text_of = ""; next }

$1 == "group" {
	item = ++groups
	group_title[item] = rest($0, 2)
	text_of = "group"
	entry_kind[++entries] = "group"
	entry[entries] = item
	userland = 0
	next
}
$1 == "userland" { userland = 1; group_userland[groups] = 1; next }
$1 == "const" {
	if (NF < 3)
		die("const wants a name and a value")
	known("MODHASH_" $2, "const")
	item = $2
	const_value[item] = rest($0, 3)
	text_of = "const"
	entry_kind[++entries] = "const"
	entry[entries] = item
	entry_group[entries] = groups
	next
}
$1 == "struct" {
	if (structure != "" || NF != 3)
		die("struct wants a name and a size, and the one before an end")
	item = structure = $2
	known("MODHASH_" toupper($2) "_SIZE", "struct")
	struct_size[$2] = $3 + 0
	offset = 0
	largest = 1
	text_of = "struct"
	entry_kind[++entries] = "struct"
	entry[entries] = item
	entry_group[entries] = groups
	next
}
$1 == "field" { if (NF != 3) die("field wants a type and a name"); read_field($2, $3); next }
$1 == "end" { read_end(); next }

$1 == "error" {
	if (NF != 3 || $3 !~ /^-[0-9]+$/)
		die("error wants a name and a negative number")
	known("MODHASH_E_" $2, "error")
	if (("error " $3) in number)
		die("error " $3 " is taken")
	number["error " $3] = 1
	item = $2
	error_name[++errors] = item
	error_value[item] = $3
	text_of = "error"
	next
}
$1 == "reason" {
	if (NF != 4 || $3 !~ /^[0-9]+$/)
		die("reason wants a name, a number and a word")
	known("MODHASH_REASON_" $2, "reason")
	if (("reason " $3) in number)
		die("reason " $3 " is taken")
	number["reason " $3] = 1
	item = $2
	reason_name[++reasons] = item
	reason_value[item] = $3
	reason_word[item] = $4
	text_of = "reason"
	next
}

$1 == "option" { read_option(); next }
$1 == "common" { verb = "common"; text_of = ""; next }
$1 == "verb" {
	item = verb = $2
	if (verb in verb_operands)
		die("verb " verb " is there already")
	verb_name[++verbs] = verb
	verb_operands[verb] = rest($0, 3)
	verb_options[verb] = 0
	text_of = "verb"
	next
}
$1 == "uses" { read_uses(); next }

{ die("what is \"" $1 "\"?") }

# --- writing: C ----------------------------------------------------------------

# Text broken into lines of at most width columns, each after prefix.
function wrap(text, prefix, width,  words, count, i, line, out)
{
	count = split(text, words, " ")
	line = ""
	out = ""
	for (i = 1; i <= count; i++) {
		if (line != "" && length(prefix) + length(line) + 1 + length(words[i]) > width) {
			out = out prefix line "\n"
			line = ""
		}
		line = line (line == "" ? "" : " ") words[i]
	}
	return out prefix line "\n"
}

# A comment of its own before what it is about.
function comment(text, indent)
{
	if (length(text) + 6 + 8 * length(indent) <= 96)
		return indent "/* " text " */\n"
	return indent "/*\n" wrap(text, indent " * ", 92 - 7 * length(indent)) indent " */\n"
}

function banner(from)
{
	print "/* Generated by definitions/generate.awk from definitions/" from ": do not edit. */"
}

# What gsub() makes of backslashes differs from awk to awk.
function replace(text, from, to,  out, at)
{
	out = ""
	while ((at = index(text, from)) > 0) {
		out = out substr(text, 1, at - 1) to
		text = substr(text, at + length(from))
	}
	return out text
}

function c_string(text)
{
	return "\"" replace(replace(text, "\\", "\\\\"), "\"", "\\\"") "\""
}

# Text of many lines as string literals, one a line.
function c_lines(text, indent,  lines, count, i, out)
{
	count = split(text, lines, "\n")
	out = ""
	for (i = 1; i <= count; i++) {
		if (i == count && lines[i] == "")
			break
		out = out (i > 1 ? "\n" : "") indent replace(c_string(lines[i] "\001"), "\001", "\\n")
	}
	return out
}

function identifier(text)
{
	text = toupper(text)
	gsub(/[^A-Z0-9]/, "_", text)
	return text
}

function write_consts(i,  line, value)
{
	value = const_value[entry[i]]
	line = "#define MODHASH_" entry[i] " " value
	if (length(line) + length(help["const", entry[i]]) + 7 <= 96)
		printf "%s /* %s */\n", line, help["const", entry[i]]
	else
		printf "%s%s\n", comment(help["const", entry[i]], ""), line
}

function c_type(type, kernel,  base)
{
	base = type_base(type)
	if (kernel)
		return base == "u8" ? "u8" : "__" base
	if (base == "u8")
		return "uint8_t"
	sub(/^[lb]e/, "", base)
	return "uint" base "_t"
}

# As kernel-doc has it: the fields' text before the structure, wrapped.
function write_struct(name, kernel,  upper, i, key, order, assert, text)
{
	upper = toupper(name)
	assert = kernel ? "static_assert" : "MODHASH_FORMAT_ASSERT"
	text = wrap("struct modhash_" name " - " help["struct", name], "", 88)
	sub(/\n$/, "", text)
	gsub(/\n/, "\n *\t", text)
	printf "/**\n * %s\n", text
	for (i = 1; i <= fields[name]; i++) {
		key = name SUBSEP i
		order = order_of[type_base(field_type[key])]
		text = help["field", key]
		if (!kernel && order != "")
			text = text " (" order ")"
		text = "@" field_name[key] ": " text
		if (length(text) + 3 <= 92) {
			print " * " text
		} else {
			text = wrap(text, "", 86)
			sub(/\n$/, "", text)
			gsub(/\n/, "\n *\t", text)
			print " * " text
		}
	}
	print " */"
	printf "struct modhash_%s {\n", name
	for (i = 1; i <= fields[name]; i++) {
		key = name SUBSEP i
		printf "\t%s %s%s;\n", c_type(field_type[key], kernel), field_name[key],
			type_array(field_type[key])
	}
	print "};"
	print ""
	printf "#define MODHASH_%s_SIZE %d\n", upper, struct_size[name]
	for (i = 1; i <= fields[name]; i++) {
		key = name SUBSEP i
		printf "#define MODHASH_%s_%s %d\n", upper, toupper(field_name[key]),
			field_offset[key]
	}
	print ""
	write_assert(assert, "sizeof(struct modhash_" name ")", "MODHASH_" upper "_SIZE", kernel)
	for (i = 1; i <= fields[name]; i++) {
		key = name SUBSEP i
		write_assert(assert, "offsetof(struct modhash_" name ", " field_name[key] ")",
			     "MODHASH_" upper "_" toupper(field_name[key]), kernel)
	}
}

function write_assert(assert, what, value, kernel,  line, pad)
{
	line = assert "(" what " == " value ");"
	if (length(line) > 98) {
		pad = kernel ? "\t      " : "\t\t      "
		line = assert "(" what " ==\n" pad value ");"
	}
	print line
}

function write_entries(kernel,  i)
{
	for (i = 1; i <= entries; i++) {
		if (kernel && group_userland[entry_kind[i] == "group" ? entry[i] : entry_group[i]])
			continue
		if (entry_kind[i] == "group") {
			printf "\n/* --- %s --- */\n", group_title[entry[i]]
			if (help["group", entry[i]] != "")
				printf "%s", comment(help["group", entry[i]], "")
			print ""
		} else if (entry_kind[i] == "const") {
			write_consts(i)
		} else {
			print ""
			write_struct(entry[i], kernel)
		}
	}
}

function write_format_h()
{
	print "/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */"
	banner("formats.def")
	print "/*"
	print " * The blob formats: numbers, records, and the offsets of their fields."
	print " *"
	print " * A record lies in a file as its structure says, but for the byte order, which is"
	print " * noted at each field: convert before you use a value."
	print " */"
	print "#ifndef MODHASH_FORMAT_H"
	print "#define MODHASH_FORMAT_H"
	print ""
	print "#include <stddef.h>"
	print "#include <stdint.h>"
	print ""
	print "#ifdef __cplusplus"
	print "#define MODHASH_FORMAT_ASSERT(condition) static_assert(condition, #condition)"
	print "#else"
	print "#define MODHASH_FORMAT_ASSERT(condition) _Static_assert(condition, #condition)"
	print "#endif"
	write_entries(0)
	print ""
	print "#undef MODHASH_FORMAT_ASSERT"
	print ""
	print "#endif /* MODHASH_FORMAT_H */"
}

function write_kernel_h()
{
	print "/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */"
	banner("formats.def")
	print "/*"
	print " * What a kernel knows its modules by: numbers, records, and the offsets of their fields."
	print " */"
	print "#ifndef _MODULE_HASHES_FORMAT_H"
	print "#define _MODULE_HASHES_FORMAT_H"
	print ""
	print "#include <linux/build_bug.h>"
	print "#include <linux/stddef.h>"
	print "#include <linux/types.h>"
	write_entries(1)
	print ""
	print "#endif /* _MODULE_HASHES_FORMAT_H */"
}

function write_codes_h(  i, line)
{
	print "/* SPDX-License-Identifier: LGPL-2.1-or-later */"
	banner("codes.def")
	print "/*"
	print " * Error codes and the reasons of verdicts.  Numbers are for ever."
	print " */"
	print "#ifndef MODHASH_CODES_H"
	print "#define MODHASH_CODES_H"
	print ""
	print "/* What functions return on failure. */"
	for (i = 1; i <= errors; i++)
		printf "#define MODHASH_E_%s (%s) /* %s */\n", error_name[i],
			error_value[error_name[i]], help["error", error_name[i]]
	print ""
	print "/* struct modhash_verdict: @reason */"
	for (i = 1; i <= reasons; i++)
		printf "#define MODHASH_REASON_%s %s /* %s */\n", reason_name[i],
			reason_value[reason_name[i]], help["reason", reason_name[i]]
	print ""
	print "#endif /* MODHASH_CODES_H */"
}

function write_codes_tables_h(  i, name)
{
	print "/* SPDX-License-Identifier: LGPL-2.1-or-later */"
	banner("codes.def")
	print "/*"
	print " * Names and texts of error codes and reasons; for one source file alone."
	print " */"
	print "#ifndef MH_CODES_TABLES_H"
	print "#define MH_CODES_TABLES_H"
	print ""
	print "#include <stdint.h>"
	print ""
	print "#include <modhash/codes.h>"
	print ""
	print "struct mh_error_text {"
	print "\tint code;"
	print "\tconst char *name;"
	print "\tconst char *text;"
	print "};"
	print ""
	print "static const struct mh_error_text mh_error_texts[] = {"
	for (i = 1; i <= errors; i++) {
		name = "MODHASH_E_" error_name[i]
		printf "\t{ %s, \"%s\",\n\t  %s },\n", name, name,
			c_string(help["error", error_name[i]])
	}
	print "};"
	print ""
	print "struct mh_reason_text {"
	print "\tuint32_t reason;"
	print "\tconst char *word;"
	print "\tconst char *text;"
	print "};"
	print ""
	print "static const struct mh_reason_text mh_reason_texts[] = {"
	for (i = 1; i <= reasons; i++)
		printf "\t{ MODHASH_REASON_%s, \"%s\",\n\t  %s },\n", reason_name[i],
			reason_word[reason_name[i]], c_string(help["reason", reason_name[i]])
	print "};"
	print ""
	print "#endif /* MH_CODES_TABLES_H */"
}

# --- writing: the tool -----------------------------------------------------------

# The n-th option of a verb, its own first, then the common ones; "" after the last.
function verb_opt(name, n)
{
	if (name == "common" || n <= verb_options[name])
		return n <= verb_options[name] ? verb_option[name, n] : ""
	n -= verb_options[name]
	return n <= verb_options["common"] ? verb_option["common", n] : ""
}

# "-f, --format=table|list|merkle"
function option_form(id,  form)
{
	form = option_short[id] == "" ? "    " : "-" option_short[id] ", "
	form = form "--" option_long[id]
	if (option_arg[id] != "")
		form = form "=" option_arg[id]
	return form
}

function option_help(id,  form, text, words)
{
	form = "  " option_form(id)
	text = help["option", id]
	if (id in option_choices) {
		words = option_choices[id]
		gsub(/\|/, ", ", words)
		text = text "; one of " words
	}
	if (length(form) > 27)
		return form "\n" wrap(text, sprintf("%29s", ""), 80)
	text = wrap(text, sprintf("%29s", ""), 80)
	return form sprintf("%" (29 - length(form)) "s", "") substr(text, 30)
}

function verb_help(name,  text, i, id)
{
	text = "Usage: modhash " name " [OPTION]... " verb_operands[name] "\n"
	text = text wrap(sentence(help["verb", name]), "", 80) "\n"
	if (verb_options[name] > 0) {
		text = text "Options:\n"
		for (i = 1; i <= verb_options[name]; i++)
			text = text option_help(verb_option[name, i])
		text = text "\nOptions of every verb:\n"
	} else {
		text = text "Options:\n"
	}
	for (i = 1; i <= verb_options["common"]; i++)
		text = text option_help(verb_option["common", i])
	return text
}

function main_help(  text, i)
{
	text = "Usage: modhash VERB [OPTION]... OPERAND...\n"
	text = text "       modhash --help | --version\n"
	text = text "Hashes of kernel modules: make, show and ask what a kernel knows its modules by.\n\n"
	text = text "Verbs:\n"
	for (i = 1; i <= verbs; i++)
		text = text sprintf("  %-17s", verb_name[i]) \
			substr(wrap(help["verb", verb_name[i]], sprintf("%19s", ""), 80), 20)
	text = text "\nOptions of every verb:\n"
	for (i = 1; i <= verb_options["common"]; i++)
		text = text option_help(verb_option["common", i])
	text = text "\n\"modhash VERB --help\" tells the options of a verb.\n"
	text = text "Exit status: 0 yes, 1 no, 2 could not tell.\n"
	return text
}

function sentence(text)
{
	text = toupper(substr(text, 1, 1)) substr(text, 2)
	return text ~ /[.?!]$/ ? text : text "."
}

function write_options_h(  i, j, count, words)
{
	print "/* SPDX-License-Identifier: LGPL-2.1-or-later */"
	banner("tool.def")
	print "/*"
	print " * The tool's verbs and options."
	print " *"
	print " * getopt_long(argc, argv, verb->short_options, verb->long_options, NULL) answers the"
	print " * short letter, or TOOL_OPTION_VALUE + the option's number; tool_option_number() makes"
	print " * one number of both."
	print " */"
	print "#ifndef TOOL_OPTIONS_GEN_H"
	print "#define TOOL_OPTIONS_GEN_H"
	print ""
	print "#include <getopt.h>"
	print "#include <stdbool.h>"
	print "#include <stddef.h>"
	print ""
	print "enum {"
	for (i = 1; i <= options; i++)
		printf "\tOPT_%s,\n", toupper(option_id[i])
	print "\tOPT_COUNT"
	print "};"
	print ""
	print "enum {"
	for (i = 1; i <= verbs; i++)
		printf "\tVERB_%s,\n", identifier(verb_name[i])
	print "\tVERB_COUNT"
	print "};"
	print ""
	print "/* Indices into an option's choices. */"
	for (i = 1; i <= options; i++) {
		if (!(option_id[i] in option_choices))
			continue
		count = split(option_choices[option_id[i]], words, "|")
		print "enum {"
		for (j = 1; j <= count; j++)
			printf "\tCHOICE_%s_%s,\n", toupper(option_id[i]), identifier(words[j])
		print "};"
		print ""
	}
	print "#define TOOL_OPTION_VALUE 256"
	print ""
	print "struct tool_option {"
	print "\tconst char *name;	     /* long, without dashes */"
	print "\tchar letter;	     /* or 0 */"
	print "\tbool repeatable;"
	print "\tconst char *argument;	     /* what it is called, or NULL if there is none */"
	print "\tconst char *const *choices; /* the words that it may be, NULL at the end; or NULL */"
	print "\tconst char *help;"
	print "};"
	print ""
	print "/* By OPT_*. */"
	print "extern const struct tool_option tool_options[OPT_COUNT];"
	print ""
	print "struct tool_verb {"
	print "\tconst char *name;"
	print "\tconst char *operands;"
	print "\tconst char *summary;	     /* one line */"
	print "\tconst char *help;	     /* all of --help */"
	print "\tconst char *short_options;  /* for getopt_long() */"
	print "\tconst struct option *long_options;"
	print "};"
	print ""
	print "/* By VERB_*. */"
	print "extern const struct tool_verb tool_verbs[VERB_COUNT];"
	print ""
	print "/* --help of the tool itself. */"
	print "extern const char tool_help[];"
	print ""
	print "/* OPT_* of what getopt_long() answered, or -1. */"
	print "int tool_option_number(int value);"
	print ""
	print "#endif /* TOOL_OPTIONS_GEN_H */"
}

function write_options_c(  i, j, id, count, words, name, short)
{
	print "/* SPDX-License-Identifier: LGPL-2.1-or-later */"
	banner("tool.def")
	print "#include \"options-gen.h\""
	print ""
	for (i = 1; i <= options; i++) {
		id = option_id[i]
		if (!(id in option_choices))
			continue
		printf "static const char *const choices_%s[] = {\n\t", id
		count = split(option_choices[id], words, "|")
		for (j = 1; j <= count; j++)
			printf "\"%s\", ", words[j]
		print "NULL\n};"
		print ""
	}
	print "const struct tool_option tool_options[OPT_COUNT] = {"
	for (i = 1; i <= options; i++) {
		id = option_id[i]
		printf "\t[OPT_%s] = {\n", toupper(id)
		printf "\t\t.name = \"%s\",\n", option_long[id]
		if (option_short[id] != "")
			printf "\t\t.letter = '%s',\n", option_short[id]
		if (id in option_many)
			print "\t\t.repeatable = true,"
		if (option_arg[id] != "")
			printf "\t\t.argument = \"%s\",\n", option_arg[id]
		if (id in option_choices)
			printf "\t\t.choices = choices_%s,\n", id
		printf "\t\t.help = %s,\n", c_string(help["option", id])
		print "\t},"
	}
	print "};"
	print ""
	for (i = 1; i <= verbs; i++) {
		name = verb_name[i]
		printf "static const struct option long_%s[] = {\n", tolower(identifier(name))
		for (j = 1; (id = verb_opt(name, j)) != ""; j++)
			printf "\t{ \"%s\", %s, NULL, TOOL_OPTION_VALUE + OPT_%s },\n",
				option_long[id],
				(option_arg[id] == "" ? "no_argument" : "required_argument"),
				toupper(id)
		print "\t{ NULL, 0, NULL, 0 }"
		print "};"
		print ""
	}
	print "const struct tool_verb tool_verbs[VERB_COUNT] = {"
	for (i = 1; i <= verbs; i++) {
		name = verb_name[i]
		short = ""
		for (j = 1; (id = verb_opt(name, j)) != ""; j++)
			if (option_short[id] != "")
				short = short option_short[id] (option_arg[id] == "" ? "" : ":")
		printf "\t[VERB_%s] = {\n", identifier(name)
		printf "\t\t.name = \"%s\",\n", name
		printf "\t\t.operands = \"%s\",\n", verb_operands[name]
		printf "\t\t.summary = %s,\n", c_string(help["verb", name])
		printf "\t\t.help =\n%s,\n", c_lines(verb_help(name), "\t\t\t")
		printf "\t\t.short_options = \"%s\",\n", short
		printf "\t\t.long_options = long_%s,\n", tolower(identifier(name))
		print "\t},"
	}
	print "};"
	print ""
	printf "const char tool_help[] =\n%s;\n", c_lines(main_help(), "\t")
	print ""
	print "int tool_option_number(int value)"
	print "{"
	print "\tint i;"
	print ""
	print "\tif (value >= TOOL_OPTION_VALUE && value < TOOL_OPTION_VALUE + OPT_COUNT)"
	print "\t\treturn value - TOOL_OPTION_VALUE;"
	print "\tif (value <= 0)"
	print "\t\treturn -1;"
	print "\tfor (i = 0; i < OPT_COUNT; i++)"
	print "\t\tif (tool_options[i].letter == value)"
	print "\t\t\treturn i;"
	print "\treturn -1;"
	print "}"
}

# What completes an argument called so.
function completes(arg)
{
	return arg ~ /FILE|DIR|BLOB/ ? "files" : ""
}

function write_bash(  i, j, id, name, line, words)
{
	print "# SPDX-License-Identifier: LGPL-2.1-or-later"
	print "# Generated by definitions/generate.awk from definitions/tool.def: do not edit."
	print "# shellcheck shell=bash"
	print "#"
	print "# bash completion for modhash(1)"
	print ""
	print "# What completes the argument of an option: words, or files, or nothing."
	print "_modhash_argument()"
	print "{"
	print "\tcase $1 in"
	for (i = 1; i <= options; i++) {
		id = option_id[i]
		if (option_arg[id] == "")
			continue
		line = "--" option_long[id] (option_short[id] == "" ? "" : " | -" option_short[id])
		if (id in option_choices) {
			words = option_choices[id]
			gsub(/\|/, " ", words)
			printf "\t%s) REPLY=\"%s\" ;;\n", line, words
		} else {
			printf "\t%s) REPLY=%s ;;\n", line,
				(completes(option_arg[id]) == "" ? "nothing" : "files")
		}
	}
	print "\t*) return 1 ;;"
	print "\tesac"
	print "}"
	print ""
	print "# The options of a verb."
	print "_modhash_options()"
	print "{"
	print "\tcase $1 in"
	for (i = 1; i <= verbs; i++) {
		name = verb_name[i]
		line = ""
		for (j = 1; (id = verb_opt(name, j)) != ""; j++) {
			line = line (line == "" ? "" : " ") "--" option_long[id] \
				(option_arg[id] == "" ? "" : "=")
			if (option_short[id] != "")
				line = line " -" option_short[id]
		}
		printf "\t%s) REPLY=\"%s\" ;;\n", name, line
	}
	print "\t*) REPLY=\"--help --version\" ;;"
	print "\tesac"
	print "}"
	print ""
	line = ""
	for (i = 1; i <= verbs; i++)
		line = line (i > 1 ? " " : "") verb_name[i]
	print "_modhash()"
	print "{"
	print "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' REPLY"
	print "\tlocal verbs=\"" line "\""
	print "\tlocal -i i"
	print ""
	print "\tCOMPREPLY=()"
	print "\tfor ((i = 1; i < COMP_CWORD; i++)); do"
	print "\t\t[[ \" $verbs \" == *\" ${COMP_WORDS[i]} \"* ]] && verb=${COMP_WORDS[i]} && break"
	print "\tdone"
	print ""
	print "\t# \"--option=word\" is three words to bash, unless '=' is no word break."
	print "\tif [[ $cur == \"=\" ]]; then"
	print "\t\tcur="
	print "\telif [[ $prev == \"=\" ]]; then"
	print "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}"
	print "\telif [[ $cur == --*=* ]]; then"
	print "\t\tprev=${cur%%=*}"
	print "\t\tcur=${cur#*=}"
	print "\tfi"
	print ""
	print "\t# An option of one verb can have the name of another's that takes an argument."
	print "\t_modhash_options \"$verb\""
	print "\tif [[ -n $verb && \" $REPLY \" != *\" $prev \"* || $prev == -? ]] &&"
	print "\t\t_modhash_argument \"$prev\"; then"
	print "\t\tcase $REPLY in"
	print "\t\tnothing) return ;;"
	print "\t\tfiles)"
	print "\t\t\tcompopt -o filenames 2>/dev/null"
	print "\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"
	print "\t\t\t;;"
	print "\t\t*) mapfile -t COMPREPLY < <(compgen -W \"$REPLY\" -- \"$cur\") ;;"
	print "\t\tesac"
	print "\t\treturn"
	print "\tfi"
	print ""
	print "\tif [[ $cur == -* ]]; then"
	print "\t\t_modhash_options \"$verb\""
	print "\t\tmapfile -t COMPREPLY < <(compgen -W \"$REPLY\" -- \"$cur\")"
	print "\t\t[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null"
	print "\telif [[ -z $verb ]]; then"
	print "\t\tmapfile -t COMPREPLY < <(compgen -W \"$verbs\" -- \"$cur\")"
	print "\telse"
	print "\t\tcompopt -o filenames 2>/dev/null"
	print "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"
	print "\tfi"
	print "\treturn 0"
	print "}"
	print ""
	print "complete -F _modhash modhash"
}

# --- writing: manual pages ----------------------------------------------------------

# Text for mdoc(7): what would be taken for a request or an escape is not.
function roff(text)
{
	text = replace(text, "\\", "\\e")
	if (text ~ /^[.']/)
		text = "\\&" text
	return text
}

# A definition's text as a paragraph.
function man_text(text,  lines, count, i)
{
	count = split(wrap(sentence(text), "", 78), lines, "\n")
	for (i = 1; i < count; i++)
		print roff(lines[i])
}

# For an argument of a macro: one word, however it looks.
function roff_word(text)
{
	text = replace(roff(text), "\"", "\"\"")
	return text ~ /[ "]/ ? "\"" text "\"" : text
}

function roff_choices(id,  words)
{
	words = option_choices[id]
	gsub(/\|/, " | ", words)
	return words
}

function roff_argument(id)
{
	return id in option_choices ? "Cm " roff_choices(id) : "Ar " option_arg[id]
}

function man_option(id,  line, words, count, i)
{
	line = ".It"
	if (option_short[id] != "")
		line = line " Fl " option_short[id] (option_arg[id] == "" ? "" : " Ar " option_arg[id]) " ,"
	line = line " Fl -" option_long[id]
	if (option_arg[id] != "")
		line = line " Ns = Ns Ar " option_arg[id]
	print line
	man_text(help["option", id])
	if (id in option_choices) {
		count = split(option_choices[id], words, "|")
		print ".Ar " option_arg[id]
		print "is one of"
		for (i = 1; i <= count; i++)
			print ".Cm " words[i] (i < count ? " ," : " .")
	}
	printf "%s", more[id]
}

function man_options(name,  i)
{
	if (verb_options[name] == 0)
		return
	print ".Bl -tag -width Ds"
	for (i = 1; i <= verb_options[name]; i++)
		man_option(verb_option[name, i])
	print ".El"
}

function man_synopsis_option(id,  line)
{
	line = ".Op Fl "
	if (option_short[id] != "")
		line = line option_short[id] " | Fl "
	line = line "-" option_long[id]
	if (option_arg[id] != "")
		line = line " Ns = Ns " roff_argument(id)
	print line (id in option_many ? " ..." : "")
}

function man_synopsis(name,  i, id, words, count, line)
{
	print ".Nm modhash"
	print ".Cm " name
	for (i = 1; (id = verb_opt(name, i)) != ""; i++)
		man_synopsis_option(id)
	line = verb_operands[name]
	gsub(/\|/, " | ", line)
	gsub(/\.\.\./, " ...", line)
	print ".Ar " line
}

function man_verbs(  i)
{
	print ".Bl -tag -width Ds"
	for (i = 1; i <= verbs; i++) {
		print ".It Cm " verb_name[i]
		man_text(help["verb", verb_name[i]])
		printf "See\n.Xr modhash-%s 1 .\n", verb_name[i]
	}
	print ".El"
}

function man_fields(name,  i, key)
{
	if (!(name in struct_size))
		die("no struct " name)
	print ".Bl -tag -width Ds"
	for (i = 1; i <= fields[name]; i++) {
		key = name SUBSEP i
		printf ".It Ad %d Vt %s Va %s\n", field_offset[key], field_type[key],
			field_name[key]
		man_text(help["field", key])
	}
	print ".El"
}

function man_consts(what,  i, group, found, count)
{
	for (i = 1; i <= groups; i++)
		if (group_title[i] == what)
			group = i
	print ".Bl -tag -width Ds"
	for (i = 1; i <= entries; i++) {
		if (entry_kind[i] != "const")
			continue
		if (group ? entry_group[i] != group : index(entry[i], what) != 1)
			continue
		printf ".It Dv MODHASH_%s Pq %s\n", entry[i], roff_word(const_value[entry[i]])
		man_text(help["const", entry[i]])
		count++
	}
	print ".El"
	if (!count)
		die("no constants " what)
}

function man_errors(  i)
{
	print ".Bl -tag -width Ds"
	for (i = 1; i <= errors; i++) {
		printf ".It Dv MODHASH_E_%s Pq \\%s\n", error_name[i],
			error_value[error_name[i]]
		man_text(help["error", error_name[i]])
	}
	print ".El"
}

function man_reasons(  i)
{
	print ".Bl -tag -width Ds"
	for (i = 1; i <= reasons; i++) {
		printf ".It Cm %s Pq Dv MODHASH_REASON_%s , No %s\n",
			reason_word[reason_name[i]], reason_name[i], reason_value[reason_name[i]]
		man_text(help["reason", reason_name[i]])
		printf "%s", more[reason_name[i]]
	}
	print ".El"
}

# For a literal display.
function man_include(path,  line, got)
{
	while ((got = (getline line < path)) > 0)
		print roff(line)
	if (got < 0)
		die("no file " path)
	close(path)
}

function the_verb(name)
{
	if (!(name in verb_operands))
		die("no verb " name)
	return name
}

function write_man(  i, line, word, argument)
{
	for (i = 1; i <= template_lines; i++) {
		line = template[i]
		gsub(/@VERSION@/, version, line)
		gsub(/@DATE@/, date, line)
		if (i == 2 || (template_lines == 1 && i == 1))
			print ".\\\" Generated by definitions/generate.awk from this page's .in: do not edit."
		if (line !~ /^@[A-Z_]+( [^@]+)?@$/) {
			print line
			continue
		}
		word = argument = substr(line, 2, length(line) - 2)
		sub(/ .*$/, "", word)
		argument = substr(argument, length(word) + 2)
		if (word == "SYNOPSIS")
			man_synopsis(the_verb(argument))
		else if (word == "OPTIONS")
			man_options(the_verb(argument))
		else if (word == "COMMON_OPTIONS")
			man_options("common")
		else if (word == "VERBS")
			man_verbs()
		else if (word == "FIELDS")
			man_fields(argument)
		else if (word == "CONSTS")
			man_consts(argument)
		else if (word == "ERRORS")
			man_errors()
		else if (word == "REASONS")
			man_reasons()
		else if (word == "INCLUDE")
			man_include(argument)
		else
			die(template_name ": what is " line "?")
	}
}

END {
	if (failed)
		exit 1
	if (structure != "")
		die("struct " structure " has no end")
	if (kind == "format.h")
		write_format_h()
	else if (kind == "kernel.h")
		write_kernel_h()
	else if (kind == "codes.h")
		write_codes_h()
	else if (kind == "codes-tables.h")
		write_codes_tables_h()
	else if (kind == "options.h")
		write_options_h()
	else if (kind == "options.c")
		write_options_c()
	else if (kind == "bash")
		write_bash()
	else if (kind == "man")
		write_man()
	else
		die("kind is not one that I know: " kind)
}
