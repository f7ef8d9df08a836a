# SPDX-License-Identifier: LGPL-2.1-or-later
#
# As much of JSON Schema as doc/modhash.schema.json uses, and stricter: a member that the
# schema does not name is an error, too, so that none goes undocumented.
#
#	jq --slurpfile schema modhash.schema.json -f schema.jq document.json
#
# Prints what is wrong, and nothing if all is right.

def type_is($want):
	if $want == "integer" then type == "number" and . == floor else type == $want end;

def wrong($root; $schema; $at):
	. as $value |
	if $schema["$ref"] then
		wrong($root; $root | getpath($schema["$ref"] | ltrimstr("#/") | split("/")); $at)
	elif $schema.anyOf then
		[$schema.anyOf[] as $one | [$value | wrong($root; $one; $at)]] as $all |
		if any($all[]; length == 0) then empty
		else "\($at): none of those that it may be: \($all | map(.[0]) | join("; "))" end
	else
		(if $schema | has("const") then
			if $value == $schema.const then empty else "\($at): not \($schema.const)" end
		else empty end),
		(if $schema.enum then
			if any($schema.enum[]; . == $value) then empty
			else "\($at): \($value | tojson) is none of \($schema.enum | tojson)" end
		else empty end),
		(if $schema.type then
			[$schema.type] | flatten as $types |
			if any($types[]; . as $type | $value | type_is($type)) then empty
			else "\($at): \($value | type), expected \($types | join(" or "))" end
		else empty end),
		(if $schema.pattern and ($value | type) == "string" then
			if $value | test($schema.pattern) then empty
			else "\($at): \($value | tojson) does not match" end
		else empty end),
		(if $schema | has("minimum") then
			if $value >= $schema.minimum then empty else "\($at): too small" end
		else empty end),
		(if $schema.required and ($value | type) == "object" then
			$schema.required[] as $key |
			if $value | has($key) then empty else "\($at): no \($key)" end
		else empty end),
		(if $schema.properties and ($value | type) == "object" then
			$value | keys_unsorted[] as $key |
			if $schema.properties | has($key) then
				$value[$key] | wrong($root; $schema.properties[$key]; "\($at).\($key)")
			else "\($at): unknown member \($key)" end
		else empty end),
		(if $schema.items and ($value | type) == "array" then
			range($value | length) as $i |
			$value[$i] | wrong($root; $schema.items; "\($at)[\($i)]")
		else empty end)
	end;

wrong($schema[0]; $schema[0]; "")
