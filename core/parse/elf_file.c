/* Headers and their promises; what the sections hold is the loader's affair (System V ABI,
 * "Object Files"). */
#include "core/parse/elf_file.h"

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

#if UINTPTR_MAX > UINT32_MAX
#define OUR_CLASS ELFCLASS64
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
#else
#define OUR_CLASS ELFCLASS32
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
#endif

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#elif defined(__arm__)
#define OUR_MACHINE EM_ARM
#elif defined(__i386__)
#define OUR_MACHINE EM_386
#endif

static bool covers(jf_bytes file, uint64_t at, uint64_t len)
{
    return at <= file.len && len <= file.len - at;
}

static const char *check_segments(jf_bytes file, const elf_header *header)
{
    bool dynamic = false;
    if (header->e_phentsize != sizeof(elf_segment) ||
        !covers(file, header->e_phoff, (uint64_t)header->e_phnum * sizeof(elf_segment)))
        return "it is not complete: its program headers are missing";
    for (unsigned i = 0; i < header->e_phnum; i++) {
        elf_segment segment;
        memcpy(&segment, file.ptr + header->e_phoff + i * sizeof(segment), sizeof(segment));
        dynamic = dynamic || segment.p_type == PT_DYNAMIC;
        if (segment.p_type != PT_NULL && !covers(file, segment.p_offset, segment.p_filesz))
            return "it is not complete: its end is missing";
    }
    return dynamic ? NULL : "it is no shared object";
}

const char *elf_file_problem(jf_bytes file)
{
    elf_header header;
    if (file.len < SELFMAG || memcmp(file.ptr, ELFMAG, SELFMAG) != 0)
        return file.len ? "it is no shared object" : "it is empty";
    if (file.len < sizeof(header))
        return "it is not complete: its header is cut";
    memcpy(&header, file.ptr, sizeof(header));
    if (header.e_ident[EI_CLASS] != OUR_CLASS)
        return "it was built for another kind of machine";
#ifdef OUR_MACHINE
    if (header.e_machine != OUR_MACHINE)
        return "it was built for another kind of machine";
#endif
    if (header.e_type != ET_DYN)
        return "it is no shared object";
    /* Linkers write the section headers last, so they tell a file that still grows. */
    if (!covers(file, header.e_shoff, (uint64_t)header.e_shnum * header.e_shentsize))
        return "it is not complete: its section headers are missing";
    return check_segments(file, &header);
}
