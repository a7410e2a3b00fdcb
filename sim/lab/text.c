/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/text.c - a library of a real kernel's text (`make kernel-policy`) as one
 * more kernel to ask.
 *
 * What such a library answers is the business of the text in it; here is only
 * asked whether the file is one, and one that this program can talk to.
 */
#include "lab.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/stat.h>

#define HOW_TO_BUILD "`make kernel-policy KDIR=<linux tree>` builds one"

static void *open_library(const char *path, struct err *e)
{
    struct buf b = BUF_INIT;
    struct stat st;
    void *library = NULL;

    if (stat(path, &st) || !S_ISREG(st.st_mode)) {
        err_plain(e, path, "no such file");
        err_hint(e, HOW_TO_BUILD);
    } else {
        /* A name without a slash would be one of the system's libraries. */
        if (!strchr(path, '/'))
            buf_adds(&b, "./");
        buf_adds(&b, path);
        library = dlopen(b.data, RTLD_NOW | RTLD_LOCAL);
        if (!library) {
            err_plain(e, path, "not a shared object: %s", dlerror());
            err_hint(e, HOW_TO_BUILD);
        }
    }
    buf_free(&b);
    return library;
}

static int check_abi(const char *path, const struct policy_text *t,
                     struct err *e)
{
    if (t->abi == POLICY_TEXT_ABI &&
        t->host_size == sizeof(struct policy_host) &&
        t->result_size == sizeof(struct policy_result))
        return 0;
    if (t->abi != POLICY_TEXT_ABI)
        err_plain(e, path, "a kernel's text of ABI %u; this program speaks %u",
                  t->abi, POLICY_TEXT_ABI);
    else
        err_plain(e, path, "built against another policy.h than this program");
    return err_hint(e, "build it again with the program: " HOW_TO_BUILD);
}

const struct policy_text *lab_text_open(const char *path, struct err *e)
{
    void *library = open_library(path, e);
    const struct policy_text *text;

    if (!library)
        return NULL;
    text = dlsym(library, POLICY_TEXT_SYMBOL);
    if (!text) {
        err_plain(e, path,
                  "a shared object, but not of a kernel's text: "
                  "no symbol " POLICY_TEXT_SYMBOL);
        err_hint(e, HOW_TO_BUILD);
    } else if (check_abi(path, text, e)) {
        text = NULL;
    }
    if (!text)
        dlclose(library);
    return text;
}
