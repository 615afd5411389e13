/* A disk that fails at will, for a program that is started with this library in LD_PRELOAD: whatever it writes to files
   below the folder $FAULTY_DISK fails with the error number that stands in the file $FAULTY_DISK_SIGN, while there is one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The error number for this file, or 0 if it can be written. */
static int fault_of(int file)
{
    const char *folder = getenv("FAULTY_DISK");
    const char *sign = getenv("FAULTY_DISK_SIGN");
    int opened = folder && sign ? open(sign, O_RDONLY | O_CLOEXEC) : -1;
    if (opened < 0)
        return 0;
    char number[16] = {0};
    ssize_t number_len = read(opened, number, sizeof number - 1);
    close(opened);
    char link[32];
    char path[PATH_MAX] = {0};
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    if (number_len <= 0 || readlink(link, path, sizeof path - 1) < 0)
        return 0;
    return strncmp(path, folder, strlen(folder)) == 0 ? atoi(number) : 0;
}

#define FAILS(file) ((errno = fault_of(file)) != 0)
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *bytes, size_t len)
{
    return FAILS(file) ? -1 : REAL(write)(file, bytes, len);
}

ssize_t pwrite(int file, const void *bytes, size_t len, off_t at)
{
    return FAILS(file) ? -1 : REAL(pwrite)(file, bytes, len, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t len, off64_t at)
{
    return FAILS(file) ? -1 : REAL(pwrite64)(file, bytes, len, at);
}

int ftruncate(int file, off_t len)
{
    return FAILS(file) ? -1 : REAL(ftruncate)(file, len);
}

int ftruncate64(int file, off64_t len)
{
    return FAILS(file) ? -1 : REAL(ftruncate64)(file, len);
}

int fsync(int file)
{
    return FAILS(file) ? -1 : REAL(fsync)(file);
}

int fdatasync(int file)
{
    return FAILS(file) ? -1 : REAL(fdatasync)(file);
}
