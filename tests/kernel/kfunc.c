// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Calls a function of a module from a BPF program, with nothing but bpf(2): finds the
 * function's type id in the module's BTF, and runs
 *
 *	r6 = context; r1 = *(u32 *)context; call FUNCTION; *(u32 *)context = r0; return 0
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "loader.h"

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* --- BTF: the kernel made it, and is not doubted --- */

static size_t type_size(const struct btf_type *type)
{
	size_t many = BTF_INFO_VLEN(type->info);
	size_t tail = 0;

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		tail = 4;
		break;
	case BTF_KIND_ARRAY:
		tail = sizeof(struct btf_array);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		tail = many * sizeof(struct btf_member);
		break;
	case BTF_KIND_ENUM:
		tail = many * sizeof(struct btf_enum);
		break;
	case BTF_KIND_ENUM64:
		tail = many * sizeof(struct btf_enum64);
		break;
	case BTF_KIND_FUNC_PROTO:
		tail = many * sizeof(struct btf_param);
		break;
	case BTF_KIND_DATASEC:
		tail = many * sizeof(struct btf_var_secinfo);
		break;
	}
	return sizeof(*type) + tail;
}

/*
 * How many types there are; on the way, the place of the function that is called @name,
 * whose string begins at @strings (those before it are the base's).  0 for none.
 */
static uint32_t walk(const unsigned char *btf, const char *name, uint32_t strings, uint32_t *place)
{
	const struct btf_header *header = (const void *)btf;
	const unsigned char *types = btf + header->hdr_len + header->type_off;
	const char *names = (const char *)btf + header->hdr_len + header->str_off;
	uint32_t count = 0, at = 0;

	*place = 0;
	while (at < header->type_len) {
		const struct btf_type *type = (const void *)(types + at);

		count++;
		if (name && BTF_INFO_KIND(type->info) == BTF_KIND_FUNC &&
		    type->name_off >= strings && !strcmp(names + type->name_off - strings, name))
			*place = count;
		at += (uint32_t)type_size(type);
	}
	return count;
}

/* The type id of @module's function @name, or 0. */
static uint32_t find_function(const char *module, const char *name)
{
	char path[256] = "/sys/kernel/btf/";
	unsigned char *base, *split;
	uint32_t count, place = 0;
	long length;

	strncat(path, module, sizeof(path) - strlen(path) - 1);
	base = read_file("/sys/kernel/btf/vmlinux", &length);
	split = read_file(path, &length);
	if (base && split) {
		count = walk(base, NULL, 0, &place);
		walk(split, name, ((struct btf_header *)(void *)base)->str_len, &place);
		/* Type 0 is void, and is not stored. */
		if (place)
			place += count;
	}
	free(base);
	free(split);
	return place;
}

/* A descriptor of the module's BTF, among all that the kernel has; -1 for none. */
static int open_btf(const char *module)
{
	union bpf_attr attr;
	uint32_t id = 0;

	for (;;) {
		struct bpf_btf_info info;
		char name[64] = "";
		int fd;

		memset(&attr, 0, sizeof(attr));
		attr.start_id = id;
		if (bpf(BPF_BTF_GET_NEXT_ID, &attr))
			return -1;
		id = attr.next_id;
		memset(&attr, 0, sizeof(attr));
		attr.btf_id = id;
		fd = (int)bpf(BPF_BTF_GET_FD_BY_ID, &attr);
		if (fd < 0)
			return -1;
		memset(&info, 0, sizeof(info));
		info.name = (uint64_t)(uintptr_t)name;
		info.name_len = sizeof(name);
		memset(&attr, 0, sizeof(attr));
		attr.info.bpf_fd = (uint32_t)fd;
		attr.info.info_len = sizeof(info);
		attr.info.info = (uint64_t)(uintptr_t)&info;
		if (!bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) && !strcmp(name, module))
			return fd;
		close(fd);
	}
}

/* --- the program --- */

static int load_program(int btf, uint32_t function)
{
	struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1 },
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 1, .src_reg = 6 },
		/* .off: which entry of fd_array has the BTF; 0 would be vmlinux */
		{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL, .off = 1,
		  .imm = (int32_t)function },
		{ .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = 6, .src_reg = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fds[2] = { -1, btf };
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SYSCALL;
	attr.insns = (uint64_t)(uintptr_t)program;
	attr.insn_cnt = sizeof(program) / sizeof(program[0]);
	attr.license = (uint64_t)(uintptr_t)"GPL";
	attr.prog_flags = BPF_F_SLEEPABLE;
	attr.fd_array = (uint64_t)(uintptr_t)fds;
	return (int)bpf(BPF_PROG_LOAD, &attr);
}

static int run_program(int program, uint32_t *context)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)program;
	attr.test.ctx_in = (uint64_t)(uintptr_t)context;
	attr.test.ctx_size_in = sizeof(*context);
	return bpf(BPF_PROG_TEST_RUN, &attr) ? errno : 0;
}

int call_kfunc(const char *module, const char *name, uint32_t number, uint32_t *answer,
	       const char **where)
{
	uint32_t function;
	int btf, program, error;

	*where = "id";
	function = find_function(module, name);
	if (!function)
		return ENOENT;
	*where = "btf";
	btf = open_btf(module);
	if (btf < 0)
		return errno;
	*where = "verifier";
	program = load_program(btf, function);
	error = program < 0 ? errno : 0;
	if (!error) {
		*where = "run";
		*answer = number;
		error = run_program(program, answer);
		close(program);
	}
	close(btf);
	return error;
}
